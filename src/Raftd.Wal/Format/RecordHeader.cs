using System.Buffers.Binary;

namespace Raftd.Wal;

internal enum RecordType : byte
{
    Entry = 1,
    State = 2,
}

/// <summary>The 56 bytes before the data of a record. Wire format: a change needs a new format version.</summary>
/// <remarks>
/// Little-endian, at a multiple of 8:
/// <code>
///  0        4        8     10   11   12       16
///  +--------+--------+-----+----+----+--------+
///  | header | before | 'WR'|type|kind| length |      header: CRC-32C of bytes [4, 56), seeded with the segment's chain
///  +--------+--------+-----+----+----+--------+              seed; this value is the link that the next record repeats
///  | term                    16      24                      as "before", across segments too
///  +-------------------------+                       length: of the data, padding not counted
///  | index | vote            24      32
///  +-------------------------+                       entry: term, index, term of index - 1; kind is the caller's
///  | previous term | commit  32      40              state: term, vote, commit; kind bit 0 is Recovering
///  +-------------------------+
///  | synced                  40      48              [0, synced) of this file was durable when the record was made
///  +------------+------------+
///  | data CRC   | zero       48 52   56              CRC-32C of data and padding
///  +------------+------------+
///  | data, then zeros up to a multiple of 8 |
/// </code>
/// The index of the entry before is not stored: a log has no gaps, it is index - 1. The header alone can be verified,
/// which lets recovery find later records behind damage, whose "synced" proves that the damage is no torn tail.
/// </remarks>
internal readonly record struct RecordHeader(
    uint Before, RecordType Type, byte Kind, int Length, ulong Term, ulong Index, ulong PreviousTerm, long Synced, uint DataCrc)
{
    public const int Bytes = 56;
    public const int Alignment = 8;

    private const ushort Magic = 0x5257;
    private const byte RecoveringBit = 1;

    /// <summary>Bytes on disk of a record with this much data, padding included.</summary>
    public static long SizeOf(long length) => Bytes + Align(length);

    public static long Align(long length) => (length + Alignment - 1) & -Alignment;

    public long Size => SizeOf(Length);

    /// <summary>Of a state record; an entry record gives nonsense.</summary>
    public LogState State => new(Term, Index, PreviousTerm, (Kind & RecoveringBit) != 0);

    public static RecordHeader ForState(in LogState state, uint before, long synced) => new(
        before, RecordType.State, state.Recovering ? RecoveringBit : (byte)0, 0, state.Term, state.Vote, state.Commit, synced, 0);

    /// <summary>Writes the header and returns its checksum, the link for the record after it.</summary>
    public uint WriteTo(Span<byte> destination, uint seed)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], Before);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], Magic);
        destination[10] = (byte)Type;
        destination[11] = Kind;
        BinaryPrimitives.WriteInt32LittleEndian(destination[12..], Length);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Term);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], Index);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[32..], PreviousTerm);
        BinaryPrimitives.WriteInt64LittleEndian(destination[40..], Synced);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[48..], DataCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[52..], 0);
        var checksum = Crc32C.Append(seed, destination[4..Bytes]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination, checksum);
        return checksum;
    }

    /// <summary>Reads a header whose own checksum holds; says nothing of its place in the chain or of the data.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, uint seed, out RecordHeader header, out uint checksum)
    {
        header = default;
        checksum = BinaryPrimitives.ReadUInt32LittleEndian(source);
        if (BinaryPrimitives.ReadUInt16LittleEndian(source[8..]) != Magic
            || Crc32C.Append(seed, source[4..Bytes]) != checksum)
        {
            return false;
        }

        header = new RecordHeader(
            BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
            (RecordType)source[10],
            source[11],
            BinaryPrimitives.ReadInt32LittleEndian(source[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[40..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[48..]));
        return true;
    }
}
