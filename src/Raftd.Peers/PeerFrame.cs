// The frames on a stream between two members, after its headers have named the two:
//
//   offset  bytes
//   0       4     length n of the payload, little-endian, at most PeerFrame.MaxPayloadBytes
//   4       1     kind
//   5       n     payload
//
//   kind            payload                                            on the stream          sent by
//   0 Message       a Raft message (MessageCodec)                      control, entries       the opener
//   1 Report        MemberReport                                       control                the opener
//   2 Offer         SnapshotOfferFrame; the chunks follow its answer   snapshot               the sender
//   3 Resume        8 bytes: the chunk to begin with                   snapshot               the receiver
//   4 Progress      8 bytes: bytes received so far                     snapshot               the receiver
//   5 Installed     nothing                                            snapshot               the receiver
//   6 Declined      the reason, UTF-8                                  snapshot               the receiver
//   7 Calls         items for the leader (CallCodec)                   proposals, calls       the follower
//   8 Answer        the result of one (CallCodec)                      proposals, calls       the leader
//   9 Hint          8 bytes: the last row of the log                   hints                  the leading front
//
// TCP delivers the bytes whole, so a frame has no checksum of its own: what it brings into the log is checksummed there. A
// length, kind or payload that makes no sense ends the stream with a reason.

using System.Buffers.Binary;
using System.Text;

namespace Raftd.Peers;

internal enum FrameKind : byte
{
    Message = 0,
    Report = 1,
    Offer = 2,
    Resume = 3,
    Progress = 4,
    Installed = 5,
    Declined = 6,
    Calls = 7,
    Answer = 8,
    Hint = 9,
}

internal static class PeerFrame
{
    public const int HeaderBytes = 5;

    /// <summary>One entry always fits: the largest value, its key and the message around it.</summary>
    public const int MaxPayloadBytes = 80 << 20;

    private const int MaxReasonBytes = 500;

    public static void WriteHeader(Span<byte> destination, FrameKind kind, int payloadBytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, payloadBytes);
        destination[4] = (byte)kind;
    }

    public static byte[] Of(FrameKind kind, ulong number)
    {
        var frame = new byte[HeaderBytes + sizeof(ulong)];
        WriteHeader(frame, kind, sizeof(ulong));
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(HeaderBytes), number);
        return frame;
    }

    public static byte[] Of(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[HeaderBytes + payload.Length];
        WriteHeader(frame, kind, payload.Length);
        payload.CopyTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    public static byte[] Declined(string reason) => Of(FrameKind.Declined, Encoding.UTF8.GetBytes(reason));

    /// <exception cref="InvalidDataException">The payload is not 8 bytes long.</exception>
    public static ulong ReadNumber(FrameKind kind, ReadOnlySpan<byte> payload) => payload.Length == sizeof(ulong)
        ? BinaryPrimitives.ReadUInt64LittleEndian(payload)
        : throw new InvalidDataException($"a {kind} has {payload.Length} bytes, not {sizeof(ulong)}");

    /// <summary>The peer's reason, cut to the length of a log line.</summary>
    public static string ReadReason(ReadOnlySpan<byte> payload) =>
        Encoding.UTF8.GetString(payload[..Math.Min(payload.Length, MaxReasonBytes)]);
}
