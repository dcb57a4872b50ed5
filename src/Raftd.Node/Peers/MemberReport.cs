using System.Buffers.Binary;

namespace Raftd.Node.Peers;

/// <summary>The value of a member's hash chain at an index that it has applied.</summary>
internal readonly record struct HashReport(ulong Index, ulong Hash);

/// <summary>The log that a leader asks all members to keep: everything after the index, for peers that need it to catch up.</summary>
/// <param name="Term">The term in which it leads; 0 from a member that does not.</param>
/// <param name="Index">The largest ulong when no peer needs any.</param>
internal readonly record struct LogNeed(ulong Term, ulong Index)
{
    public static LogNeed None => new(0, ulong.MaxValue);
}

/// <summary>What a member sends to the others about once a second.</summary>
/// <remarks>
/// <code>
///   +---------+---------+-------------+--------+--------+-----------+----------------+-----
///   | index   | hash    | quota bytes | flags  | level  | need term | need           | ...     integers little-endian
///   | 8 bytes | 8 bytes | 8 bytes     | 1 byte | 1 byte | 8 bytes   | index, 8 bytes |         flags: 1 the disk of its log has no room
///   +---------+---------+-------------+--------+--------+-----------+----------------+-----
/// </code>
/// Members of different builds learn each other's feature level from it, before they have agreed on one. So its form is the
/// same at every level: new fields go to the end, and a build ignores those that it does not know.
/// </remarks>
/// <param name="Hash">Index 0 before it has applied anything.</param>
/// <param name="QuotaBytes">The member's flag -quota-bytes.</param>
/// <param name="IsDiskFull">The disk of its log has no room for another segment.</param>
/// <param name="FeatureLevel">The newest level that the member's build knows.</param>
/// <param name="Need">The log that a leader asks all members to keep; meaningless from a follower.</param>
internal readonly record struct MemberReport(
    HashReport Hash, long QuotaBytes, bool IsDiskFull, int FeatureLevel, LogNeed Need)
{
    public const int EncodedBytes = 42;

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Hash.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], Hash.Hash);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], QuotaBytes);
        destination[24] = IsDiskFull ? (byte)1 : (byte)0;
        destination[25] = (byte)FeatureLevel;
        BinaryPrimitives.WriteUInt64LittleEndian(destination[26..], Need.Term);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[34..], Need.Index);
    }

    public static bool TryRead(ReadOnlySpan<byte> source, out MemberReport report)
    {
        if (source.Length < EncodedBytes)
        {
            report = default;
            return false;
        }

        var hash = new HashReport(
            BinaryPrimitives.ReadUInt64LittleEndian(source), BinaryPrimitives.ReadUInt64LittleEndian(source[8..]));
        var need = new LogNeed(
            BinaryPrimitives.ReadUInt64LittleEndian(source[26..]), BinaryPrimitives.ReadUInt64LittleEndian(source[34..]));
        report = new MemberReport(
            hash, BinaryPrimitives.ReadInt64LittleEndian(source[16..]), (source[24] & 1) != 0, source[25], need);
        return true;
    }
}
