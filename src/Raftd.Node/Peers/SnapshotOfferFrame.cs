using System.Buffers;
using System.Buffers.Binary;
using Raftd.Peers;
using Raftd.Raft;

namespace Raftd.Node.Peers;

/// <summary>The first frame on a snapshot's stream. It names the snapshot, so that one that broke off can go on.</summary>
/// <remarks>
/// <code>
///   offset  bytes
///   0       8     start of the sender: a number drawn anew by each of its processes     all little-endian
///   8       8     number of the snapshot, counted by that process
///   16      8     number of its chunks
///   24      8     bytes of all chunks
///   32      ..    the MsgSnap (MessageCodec)
/// </code>
/// </remarks>
internal sealed record SnapshotOfferFrame(ulong Start, ulong Snapshot, ulong Chunks, ulong Bytes, Message Header)
{
    private const int FixedBytes = 32;

    public byte[] Encode()
    {
        var writer = new ArrayBufferWriter<byte>();
        var head = writer.GetSpan(FixedBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(head, Start);
        BinaryPrimitives.WriteUInt64LittleEndian(head[8..], Snapshot);
        BinaryPrimitives.WriteUInt64LittleEndian(head[16..], Chunks);
        BinaryPrimitives.WriteUInt64LittleEndian(head[24..], Bytes);
        writer.Advance(FixedBytes);
        MessageCodec.Encode(writer, Header);
        return PeerFrame.Of(FrameKind.Offer, writer.WrittenSpan);
    }

    /// <exception cref="InvalidDataException">The frame is not an offer of that caller.</exception>
    public static SnapshotOfferFrame Read(PeerHandshake caller, FrameKind kind, ReadOnlySpan<byte> payload)
    {
        if (kind != FrameKind.Offer || payload.Length < FixedBytes)
        {
            throw new InvalidDataException("a snapshot begins with its offer");
        }

        if (!MessageCodec.TryDecode(payload[FixedBytes..], out var header, out var error))
        {
            throw new InvalidDataException(error);
        }

        if (header.Kind != MessageKind.MsgSnap || header.Snapshot is null
            || header.From.Value != caller.From || header.To.Value != caller.To)
        {
            throw new InvalidDataException($"a {header.Kind} from {header.From} to {header.To} offers no snapshot of {caller.From:x16}");
        }

        return new SnapshotOfferFrame(
            BinaryPrimitives.ReadUInt64LittleEndian(payload),
            BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(payload[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(payload[24..]),
            header);
    }
}
