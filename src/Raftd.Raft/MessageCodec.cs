using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Raftd.Raft;

/// <summary>Messages as bytes.</summary>
/// <remarks>
/// <code>
///   offset  bytes
///   0       1     version, 1                             all numbers little-endian
///   1       1     kind
///   2       2     flags: 1 reject, 2 force, 4 recovering, 8 recovered, 16 snapshot follows,
///                 32 unanswered; others zero
///   4       4     number of entries
///   8       8     to          16  8  from         24  8  term
///   32      8     log term    40  8  index        48  8  commit
///   56      8     reject hint 64  8  read id      72  8  nonce
///   80      8     answered nonce
///   88      ..    entries, each:  8 term | 1 kind | 4 length n | n data
///                 their indexes are index + 1, index + 2 and so on, so that a gap cannot be written down
///   ..      ..    with flag 16:   8 term | 8 index | 8 configuration index | 4 length n | n configuration
/// </code>
/// Nothing may follow. There is no checksum: the stream below has one, and each log record gets its own.
/// Decoding trusts no length: it allocates in proportion to the bytes at hand, never to a number found in them
/// (failure 31 of docs/failures.md).
/// </remarks>
public static class MessageCodec
{
    private const byte Version = 1;

    /// <summary>The length of each message's header; the body follows it.</summary>
    public const int HeaderBytes = 88;

    private const int EntryHeaderBytes = 13;
    private const int SnapshotHeaderBytes = 28;

    private const ushort RejectFlag = 1;
    private const ushort ForceFlag = 2;
    private const ushort RecoveringFlag = 4;
    private const ushort RecoveredFlag = 8;
    private const ushort SnapshotFlag = 16;
    private const ushort UnansweredFlag = 32;
    private const ushort AllFlags = 63;

    public static void Encode(IBufferWriter<byte> writer, Message message)
    {
        EncodeHeader(writer.GetSpan(HeaderBytes), message);
        writer.Advance(HeaderBytes);
        EncodeBody(writer, message);
    }

    /// <summary>What follows the header: the same bytes for all messages that carry the same entries, to any peer.</summary>
    public static void EncodeBody(IBufferWriter<byte> writer, Message message)
    {
        for (var i = 0; i < message.Entries.Count; i++)
        {
            WriteEntry(writer, message.Entries[i]);
        }

        if (message.Snapshot is { } snapshot)
        {
            WriteSnapshot(writer, snapshot);
        }
    }

    /// <summary>Reads one whole message; <paramref name="error"/> says why the bytes are not one.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Message? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        error = CheckHeader(bytes);
        if (error is not null)
        {
            return false;
        }

        var index = ReadUInt64(bytes, 40);
        var rest = bytes[HeaderBytes..];
        if (!TryReadEntries(ref rest, ReadUInt32(bytes, 4), index, out var entries, out error))
        {
            return false;
        }

        var flags = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        SnapshotMetadata? snapshot = null;
        if ((flags & SnapshotFlag) != 0 && !TryReadSnapshot(ref rest, out snapshot, out error))
        {
            return false;
        }

        if (!rest.IsEmpty)
        {
            error = $"{rest.Length} bytes after the end";
            return false;
        }

        message = new Message
        {
            Kind = (MessageKind)bytes[1],
            To = new NodeId(ReadUInt64(bytes, 8)),
            From = new NodeId(ReadUInt64(bytes, 16)),
            Term = ReadUInt64(bytes, 24),
            LogTerm = ReadUInt64(bytes, 32),
            Index = index,
            Commit = ReadUInt64(bytes, 48),
            RejectHint = ReadUInt64(bytes, 56),
            ReadId = ReadUInt64(bytes, 64),
            Nonce = ReadUInt64(bytes, 72),
            AnsweredNonce = ReadUInt64(bytes, 80),
            Reject = (flags & RejectFlag) != 0,
            Force = (flags & ForceFlag) != 0,
            Recovering = (flags & RecoveringFlag) != 0,
            Recovered = (flags & RecoveredFlag) != 0,
            Unanswered = (flags & UnansweredFlag) != 0,
            Entries = entries,
            Snapshot = snapshot,
        };
        return true;
    }

    /// <summary>The first <see cref="HeaderBytes"/> of a message.</summary>
    public static void EncodeHeader(Span<byte> span, Message message)
    {
        span[0] = Version;
        span[1] = (byte)message.Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(span[2..], Flags(message));
        BinaryPrimitives.WriteInt32LittleEndian(span[4..], message.Entries.Count);
        WriteUInt64(span, 8, message.To.Value);
        WriteUInt64(span, 16, message.From.Value);
        WriteUInt64(span, 24, message.Term);
        WriteUInt64(span, 32, message.LogTerm);
        WriteUInt64(span, 40, message.Index);
        WriteUInt64(span, 48, message.Commit);
        WriteUInt64(span, 56, message.RejectHint);
        WriteUInt64(span, 64, message.ReadId);
        WriteUInt64(span, 72, message.Nonce);
        WriteUInt64(span, 80, message.AnsweredNonce);
    }

    private static ushort Flags(Message message)
    {
        var flags = message.Reject ? RejectFlag : 0;
        flags |= message.Force ? ForceFlag : 0;
        flags |= message.Recovering ? RecoveringFlag : 0;
        flags |= message.Recovered ? RecoveredFlag : 0;
        flags |= message.Snapshot is null ? 0 : SnapshotFlag;
        flags |= message.Unanswered ? UnansweredFlag : 0;
        return (ushort)flags;
    }

    private static void WriteEntry(IBufferWriter<byte> writer, Entry entry)
    {
        var span = writer.GetSpan(EntryHeaderBytes);
        WriteUInt64(span, 0, entry.Term);
        span[8] = (byte)entry.Kind;
        BinaryPrimitives.WriteInt32LittleEndian(span[9..], entry.Data.Length);
        writer.Advance(EntryHeaderBytes);
        writer.Write(entry.Data.Span);
    }

    private static void WriteSnapshot(IBufferWriter<byte> writer, SnapshotMetadata snapshot)
    {
        var configuration = snapshot.Configuration.Encode();
        var span = writer.GetSpan(SnapshotHeaderBytes);
        WriteUInt64(span, 0, snapshot.Id.Term);
        WriteUInt64(span, 8, snapshot.Id.Index);
        WriteUInt64(span, 16, snapshot.ConfigurationIndex);
        BinaryPrimitives.WriteInt32LittleEndian(span[24..], configuration.Length);
        writer.Advance(SnapshotHeaderBytes);
        writer.Write(configuration);
    }

    private static string? CheckHeader(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes)
        {
            return $"{bytes.Length} bytes are no message, its header has {HeaderBytes}";
        }

        if (bytes[0] != Version)
        {
            return $"version {bytes[0]} is unknown";
        }

        if (bytes[1] is < (byte)MessageKind.MsgApp or > (byte)MessageKind.MsgSnap)
        {
            return $"kind {bytes[1]} is unknown";
        }

        var flags = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        return (flags & ~AllFlags) != 0 ? $"flags {flags:x} are unknown" : null;
    }

    /// <summary>
    /// All data is copied at once into one array that the entries share: one allocation for a message, but an entry that
    /// stays in memory keeps its neighbours' bytes alive.
    /// </summary>
    private static bool TryReadEntries(
        ref ReadOnlySpan<byte> rest, uint count, ulong index, out Entry[] entries, [NotNullWhen(false)] out string? error)
    {
        entries = [];
        error = null;
        if (count > rest.Length / EntryHeaderBytes)
        {
            error = $"{count} entries do not fit into {rest.Length} bytes";
            return false;
        }

        if (count == 0)
        {
            return true;
        }

        if (ulong.MaxValue - index < count)
        {
            error = $"{count} entries after {index} overflow";
            return false;
        }

        var copy = rest.ToArray();
        entries = new Entry[count];
        for (var i = 0; i < entries.Length; i++)
        {
            if (!TryReadEntry(ref rest, copy, index + 1 + (ulong)i, out entries[i], out error))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryReadEntry(
        ref ReadOnlySpan<byte> rest, byte[] copy, ulong index, out Entry entry, [NotNullWhen(false)] out string? error)
    {
        entry = null!;
        if (rest.Length < EntryHeaderBytes || ReadUInt32(rest, 9) > (uint)(rest.Length - EntryHeaderBytes))
        {
            error = $"entry {index} is cut short";
            return false;
        }

        if (rest[8] > (byte)EntryKind.Configuration)
        {
            error = $"entry {index} has the unknown kind {rest[8]}";
            return false;
        }

        var length = (int)ReadUInt32(rest, 9);
        var data = copy.AsMemory(copy.Length - rest.Length + EntryHeaderBytes, length);
        entry = new Entry(new EntryId(ReadUInt64(rest, 0), index), (EntryKind)rest[8], data);
        rest = rest[(EntryHeaderBytes + length)..];
        error = null;
        return true;
    }

    private static bool TryReadSnapshot(
        ref ReadOnlySpan<byte> rest, out SnapshotMetadata? snapshot, [NotNullWhen(false)] out string? error)
    {
        snapshot = null;
        if (rest.Length < SnapshotHeaderBytes || ReadUInt32(rest, 24) > (uint)(rest.Length - SnapshotHeaderBytes))
        {
            error = "the snapshot is cut short";
            return false;
        }

        var length = (int)ReadUInt32(rest, 24);
        if (!Configuration.TryDecode(rest.Slice(SnapshotHeaderBytes, length), out var configuration))
        {
            error = "the snapshot's configuration is malformed";
            return false;
        }

        var id = new EntryId(ReadUInt64(rest, 0), ReadUInt64(rest, 8));
        snapshot = new SnapshotMetadata(id, configuration, ReadUInt64(rest, 16));
        rest = rest[(SnapshotHeaderBytes + length)..];
        error = null;
        return true;
    }

    private static ulong ReadUInt64(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);

    private static uint ReadUInt32(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static void WriteUInt64(Span<byte> bytes, int offset, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[offset..], value);
}
