using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Raftd.Cluster.Tests.Wire;

/// <summary>Whole Ethernet frames from and to one network interface (packet(7)). Needs root.</summary>
/// <remarks>Nothing here waits: a frame that is not there is not received, and one that the interface does not take is lost.</remarks>
internal sealed partial class PacketSocket : IDisposable
{
    private const int FamilyPacket = 17;
    private const int RawAtOnceClosedOnExec = 3 | 0x800 | 0x80000;
    private const ushort AllProtocols = 3;
    private const int LevelSocket = 1;
    private const int ReceiveBufferForced = 33;
    private const int LevelPacket = 263;
    private const int IgnoreOutgoing = 23;
    private const short Readable = 1;

    // Bursts wait here while the switch does not run.
    private const int BufferBytes = 8 << 20;

    private readonly SafeFileHandle _handle;

    public PacketSocket(string interfaceName)
    {
        var index = InterfaceIndex(interfaceName);
        var protocol = BinaryPrimitives.ReverseEndianness(AllProtocols);
        _handle = new SafeFileHandle(Check(Socket(FamilyPacket, RawAtOnceClosedOnExec, protocol)), ownsHandle: true);
        Set(LevelSocket, ReceiveBufferForced, BufferBytes);

        // What this socket sends would come back to it otherwise.
        Set(LevelPacket, IgnoreOutgoing, 1);
        var address = new LinkAddress { Family = FamilyPacket, Protocol = protocol, InterfaceIndex = (int)index };
        Check(Bind(_handle, address, Marshal.SizeOf<LinkAddress>()));
    }

    /// <summary>Returns when a frame has come to one of them, or after this many milliseconds.</summary>
    public static void WaitAny(ReadOnlySpan<PacketSocket> sockets, int milliseconds)
    {
        Span<PollEntry> entries = stackalloc PollEntry[sockets.Length];
        for (var i = 0; i < sockets.Length; i++)
        {
            entries[i] = new PollEntry { Descriptor = (int)sockets[i]._handle.DangerousGetHandle(), Events = Readable };
        }

        _ = Poll(ref MemoryMarshal.GetReference(entries), (nuint)entries.Length, milliseconds);
    }

    /// <returns>The length of the frame; 0 if there is none.</returns>
    public int Receive(Span<byte> buffer) => (int)Math.Max(0, Receive(_handle, ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length, 0));

    public void Send(ReadOnlySpan<byte> frame) => _ = Send(_handle, ref MemoryMarshal.GetReference(frame), (nuint)frame.Length, 0);

    public void Dispose() => _handle.Dispose();

    private void Set(int level, int name, int value) => Check(SetOption(_handle, level, name, value, sizeof(int)));

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception();

    [LibraryImport("libc", EntryPoint = "if_nametoindex", StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint InterfaceIndex(string name);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(SafeFileHandle socket, int level, int name, in int value, int length);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(SafeFileHandle socket, in LinkAddress address, int length);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollEntry entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "recv")]
    private static partial nint Receive(SafeFileHandle socket, ref byte buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send")]
    private static partial nint Send(SafeFileHandle socket, ref readonly byte buffer, nuint length, int flags);

    /// <summary>sockaddr_ll.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LinkAddress
    {
        public ushort Family;
        public ushort Protocol;
        public int InterfaceIndex;
        public ushort HardwareType;
        public byte PacketType;
        public byte AddressLength;
        public ulong Address;
    }

    /// <summary>pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
