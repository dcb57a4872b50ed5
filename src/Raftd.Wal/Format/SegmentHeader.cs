using System.Buffers.Binary;

namespace Raftd.Wal;

/// <summary>The first 4096 bytes of a segment. Wire format: a change needs a new format version.</summary>
/// <remarks>
/// Little-endian; a block of its own, so that no torn write of records can reach it:
/// <code>
///    0  'RAFTDWAL'                        8
///    8  format version                    4   these three keep their place in every version
///   12  CRC-32C of [0, 12) and [16, 4096) 4
///   16  number                            8   also the file's name, in 16 hexadecimal digits
///   24  first replaced                    8   segments [first replaced, number) are superseded by this one
///   32  capacity                          8   length of the file; a shorter file has lost something
///   40  synced                            8   [0, synced) was durable before the file got its name
///   48  base index, base term            16   the last entry before this segment
///   64  term, vote, commit               24   the state before this segment
///   88  flags                             4   bit 0: Recovering
///   92  chain seed                        4   link to the last record before this segment
///   96  zeros up to 4096
/// </code>
/// A segment gets its name only after its header is durable, so a damaged header is always corruption.
/// </remarks>
internal readonly record struct SegmentHeader(
    ulong Number, ulong FirstReplaced, long Capacity, long Synced, ulong BaseIndex, ulong BaseTerm, LogState State, uint ChainSeed)
{
    public const int Bytes = 4096;
    public const uint Version = 1;

    private const ulong Magic = 0x4C41574454464152; // "RAFTDWAL"

    public void WriteTo(Span<byte> block)
    {
        block[..Bytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(block, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(block[16..], Number);
        BinaryPrimitives.WriteUInt64LittleEndian(block[24..], FirstReplaced);
        BinaryPrimitives.WriteInt64LittleEndian(block[32..], Capacity);
        BinaryPrimitives.WriteInt64LittleEndian(block[40..], Synced);
        BinaryPrimitives.WriteUInt64LittleEndian(block[48..], BaseIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(block[56..], BaseTerm);
        BinaryPrimitives.WriteUInt64LittleEndian(block[64..], State.Term);
        BinaryPrimitives.WriteUInt64LittleEndian(block[72..], State.Vote);
        BinaryPrimitives.WriteUInt64LittleEndian(block[80..], State.Commit);
        BinaryPrimitives.WriteUInt32LittleEndian(block[88..], State.Recovering ? 1u : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(block[92..], ChainSeed);
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], ChecksumOf(block));
    }

    /// <summary>Null and the reason when the block is no header of ours; a newer version throws.</summary>
    public static SegmentHeader? Read(ReadOnlySpan<byte> block, ulong number, out string reason)
    {
        reason = BinaryPrimitives.ReadUInt64LittleEndian(block) != Magic ? "the segment header has no magic number"
            : BinaryPrimitives.ReadUInt32LittleEndian(block[12..]) != ChecksumOf(block) ? "the segment header's checksum is wrong"
            : "";
        if (reason.Length > 0)
        {
            return null;
        }

        var version = BinaryPrimitives.ReadUInt32LittleEndian(block[8..]);
        if (version != Version)
        {
            throw new WalVersionException(number, version, Version);
        }

        var header = ReadFields(block);
        reason = header.Contradiction(number);
        return reason.Length > 0 ? null : header;
    }

    private static SegmentHeader ReadFields(ReadOnlySpan<byte> block) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(block[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(block[24..]),
        BinaryPrimitives.ReadInt64LittleEndian(block[32..]),
        BinaryPrimitives.ReadInt64LittleEndian(block[40..]),
        BinaryPrimitives.ReadUInt64LittleEndian(block[48..]),
        BinaryPrimitives.ReadUInt64LittleEndian(block[56..]),
        new LogState(
            BinaryPrimitives.ReadUInt64LittleEndian(block[64..]),
            BinaryPrimitives.ReadUInt64LittleEndian(block[72..]),
            BinaryPrimitives.ReadUInt64LittleEndian(block[80..]),
            (BinaryPrimitives.ReadUInt32LittleEndian(block[88..]) & 1) != 0),
        BinaryPrimitives.ReadUInt32LittleEndian(block[92..]));

    private string Contradiction(ulong number) =>
        Number != number ? $"the header says segment {Number:x16}"
        : FirstReplaced > Number ? $"the header replaces segments from {FirstReplaced:x16}"
        : Capacity < Bytes || Synced < Bytes || Synced > Capacity ? $"capacity {Capacity}, synced {Synced} are impossible"
        : "";

    private static uint ChecksumOf(ReadOnlySpan<byte> block) =>
        Crc32C.Append(Crc32C.Append(0, block[..12]), block[16..Bytes]);
}
