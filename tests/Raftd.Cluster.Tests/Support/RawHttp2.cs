// HTTP/2 by hand: sends exactly the frames given, as many as the server takes, which no client library would.
//
//   frame: length 3 bytes | type 1 | flags 1 | stream 4, all big-endian | payload     (RFC 9113, 4.1)

using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Raftd.Cluster.Tests.Support;

/// <summary>The types of frames.</summary>
public enum FrameKind : byte
{
    Data = 0,
    Headers = 1,
    Priority = 2,
    ResetStream = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

/// <summary>One connection in clear text.</summary>
internal sealed class RawHttp2 : IDisposable
{
    public const byte EndStream = 1;
    public const byte EndHeaders = 4;

    private const int HeadBytes = 9;

    // Of HPACK's static table; indexes below 0x80 name a field whose value follows as it is.
    private const byte AuthorityIndex = 1;
    private const byte PathIndex = 4;
    private static readonly byte[] ContentTypeIndex = [0x0F, 31 - 0x0F];
    private const byte MethodGet = 0x82;
    private const byte MethodPost = 0x83;
    private const byte SchemeHttp = 0x86;

    private readonly Socket _socket;
    private readonly long[] _received = new long[256];

    private RawHttp2(Socket socket) => _socket = socket;

    /// <summary>The error code of the last GOAWAY.</summary>
    public uint? GoneWith { get; private set; }

    /// <summary>What has arrived, if it is read.</summary>
    public Task Reading { get; private set; } = Task.CompletedTask;

    public static async Task<RawHttp2> ConnectAsync(Member member, bool reads)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(member.Host, member.HttpPort);
        var connection = new RawHttp2(socket);
        byte[] opening = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(FrameKind.Settings, 0, 0)];
        await connection.SendAsync(opening, CancellationToken.None);
        if (reads)
        {
            connection.Reading = Task.Run(connection.ReadAsync);
        }

        return connection;
    }

    /// <summary>Frames of a kind that the server has sent.</summary>
    public long Received(FrameKind kind) => Interlocked.Read(ref _received[(byte)kind]);

    /// <exception cref="SocketException">The server has ended the connection.</exception>
    public async Task SendAsync(ReadOnlyMemory<byte> frames, CancellationToken stop)
    {
        while (!frames.IsEmpty)
        {
            frames = frames[await _socket.SendAsync(frames, stop)..];
        }
    }

    public void Dispose() => _socket.Dispose();

    public static byte[] Frame(FrameKind kind, byte flags, int stream, params ReadOnlySpan<byte> payload)
    {
        var frame = new byte[HeadBytes + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = (byte)kind;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(HeadBytes));
        return frame;
    }

    public static byte[] GetHeaders(string path) => [MethodGet, SchemeHttp, .. Literal(PathIndex, path), .. Literal(AuthorityIndex, "127.0.0.1")];

    /// <summary>Of a call of the etcd API.</summary>
    public static byte[] CallHeaders(string path) =>
    [
        MethodPost, SchemeHttp, .. Literal(PathIndex, path), .. Literal(AuthorityIndex, "127.0.0.1"),
        .. ContentTypeIndex, 16, .. "application/grpc"u8,
    ];

    private static byte[] Literal(byte index, string value) => [index, (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];

    private async Task ReadAsync()
    {
        await using var stream = new NetworkStream(_socket);
        var head = new byte[HeadBytes];
        var payload = new byte[1 << 20];
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(head);
                var length = BinaryPrimitives.ReadInt32BigEndian(head) >>> 8;
                await stream.ReadExactlyAsync(payload.AsMemory(0, length));
                Interlocked.Increment(ref _received[head[3]]);
                if (head[3] == (byte)FrameKind.GoAway)
                {
                    GoneWith = BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4));
                }
            }
        }
        catch (Exception end) when (end is IOException or ObjectDisposedException)
        {
            // Closed, by either side.
        }
    }
}
