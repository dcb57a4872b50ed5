using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Raftd.Raft;

/// <summary>The voters, the learners, and bytes that the replica keeps along with them.</summary>
/// <remarks>
/// A configuration entry holds the whole new configuration, not a change to the old one. Then the configuration in force
/// is simply that of the newest such entry in the log, committed or not (thesis 4.1), and a truncation needs no undo.
/// <code>
///   offset  bytes
///   0       1     version, 1
///   1       4     number of voters v            all numbers little-endian
///   5       4     number of learners l
///   9       4     length of the context c
///   13      8v    voters, ascending, none zero
///   ..      8l    learners, ascending, none zero, none a voter
///   ..      c     context, opaque here
/// </code>
/// </remarks>
public sealed class Configuration
{
    private const int HeaderBytes = 13;
    private const byte Version = 1;

    public Configuration(IEnumerable<NodeId> voters, IEnumerable<NodeId> learners, ReadOnlyMemory<byte> context = default)
    {
        Voters = [.. voters.Distinct().Order()];
        Learners = [.. learners.Distinct().Order()];
        Context = context;
    }

    private Configuration(ImmutableArray<NodeId> voters, ImmutableArray<NodeId> learners, ReadOnlyMemory<byte> context)
    {
        Voters = voters;
        Learners = learners;
        Context = context;
    }

    public static Configuration Empty { get; } = new([], []);

    /// <summary>Ascending.</summary>
    public ImmutableArray<NodeId> Voters { get; }

    /// <summary>Ascending; none of them a voter in a valid configuration.</summary>
    public ImmutableArray<NodeId> Learners { get; }

    public ReadOnlyMemory<byte> Context { get; }

    /// <summary>At least one voter, no member twice, none without an id.</summary>
    public bool IsValid => Voters.Length > 0 && AreNamed(Voters) && AreNamed(Learners) && !Learners.Any(IsVoter);

    public bool IsVoter(NodeId id) => Voters.BinarySearch(id) >= 0;

    public bool IsLearner(NodeId id) => Learners.BinarySearch(id) >= 0;

    /// <summary>How many members vote in one of the two and not in the other.</summary>
    public int VoterDifference(Configuration other) =>
        Voters.Count(id => !other.IsVoter(id)) + other.Voters.Count(id => !IsVoter(id));

    public byte[] Encode()
    {
        var bytes = new byte[HeaderBytes + (8 * (Voters.Length + Learners.Length)) + Context.Length];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), Voters.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(5), Learners.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(9), Context.Length);
        var rest = bytes.AsSpan(HeaderBytes);
        foreach (var id in Voters.Concat(Learners))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, id.Value);
            rest = rest[8..];
        }

        Context.Span.CopyTo(rest);
        return bytes;
    }

    /// <summary>Reads what <see cref="Encode"/> wrote; anything else is refused, so equal configurations have equal bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Configuration? configuration)
    {
        configuration = null;
        if (bytes.Length < HeaderBytes || bytes[0] != Version)
        {
            return false;
        }

        long voters = BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]);
        long learners = BinaryPrimitives.ReadUInt32LittleEndian(bytes[5..]);
        long context = BinaryPrimitives.ReadUInt32LittleEndian(bytes[9..]);
        if (bytes.Length != HeaderBytes + (8 * (voters + learners)) + context)
        {
            return false;
        }

        // The lengths add up to the bytes at hand, so the casts hold and no more is allocated than was received.
        var ids = bytes[HeaderBytes..];
        var decoded = new Configuration(
            ReadIds(ids, (int)voters),
            ReadIds(ids[(8 * (int)voters)..], (int)learners),
            ids[(8 * (int)(voters + learners))..].ToArray());
        if (!IsAscending(decoded.Voters) || !IsAscending(decoded.Learners) || decoded.Learners.Any(decoded.IsVoter))
        {
            return false;
        }

        configuration = decoded;
        return true;
    }

    public override string ToString() =>
        Learners.IsEmpty ? $"({string.Join(' ', Voters)})" : $"({string.Join(' ', Voters)}) learners ({string.Join(' ', Learners)})";

    private static ImmutableArray<NodeId> ReadIds(ReadOnlySpan<byte> bytes, int count)
    {
        var ids = ImmutableArray.CreateBuilder<NodeId>(count);
        for (var i = 0; i < count; i++)
        {
            ids.Add(new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[(8 * i)..])));
        }

        return ids.MoveToImmutable();
    }

    /// <summary>Strictly, and from above zero.</summary>
    private static bool IsAscending(ImmutableArray<NodeId> ids)
    {
        var previous = NodeId.None;
        foreach (var id in ids)
        {
            if (id.CompareTo(previous) <= 0)
            {
                return false;
            }

            previous = id;
        }

        return true;
    }

    private static bool AreNamed(ImmutableArray<NodeId> ids) => ids.IsEmpty || !ids[0].IsNone;
}
