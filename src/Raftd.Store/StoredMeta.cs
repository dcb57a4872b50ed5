using Raftd.State.Commands;
using Raftd.State.Wire;
using Raftd.Store.Buckets;

namespace Raftd.Store;

/// <summary>The one pair of the meta bucket that says of which moment the whole store is.</summary>
/// <remarks>
/// <code>
///   key:    "state"
///   value:  +---------+--------+--------+----------+----------+---------+---------+------------------+
///           | feature | index  | term   | hash     | revision | compact | logical | configuration    |
///           | level   | number | number | 8 B, LE  | number   | number  | bytes   | index            |
///           +---------+--------+--------+----------+----------+---------+---------+------------------+
/// </code>
/// The cluster's feature level (1 byte) says in which forms the whole store is written. It is the first byte at every level,
/// and the checksum is the last four: so an older build can tell a newer store from a damaged one.
/// </remarks>
internal sealed record StoredMeta(
    int FeatureLevel, AppliedState Applied, long Revision, long CompactRevision, long LogicalBytes, ulong ConfigurationIndex)
{
    public static ReadOnlySpan<byte> Key => "state"u8;

    public void WriteTo(WireWriter writer)
    {
        writer.Byte((byte)FeatureLevel);
        writer.Unsigned(Applied.Index);
        writer.Unsigned(Applied.Term);
        writer.Fixed64(Applied.Hash);
        writer.Number(Revision);
        writer.Number(CompactRevision);
        writer.Number(LogicalBytes);
        writer.Unsigned(ConfigurationIndex);
    }

    /// <summary>The meta of a store; null if nothing was ever flushed into it.</summary>
    /// <exception cref="NewerLevelException">A newer build wrote the store.</exception>
    public static StoredMeta? Read(IBucketReader reader, int knownLevel)
    {
        if (!reader.TryGet(Bucket.Meta, Key, out var source))
        {
            return null;
        }

        var wire = new WireReader(StoredChecksum.Open(Bucket.Meta, Key, source));
        int level = wire.Byte();
        NewerLevelException.ThrowIfNewer("the state", level, knownLevel);
        var applied = new AppliedState(wire.Unsigned(), wire.Unsigned(), wire.Fixed64());
        var meta = new StoredMeta(level, applied, wire.Number(), wire.Number(), wire.Number(), wire.Unsigned());
        return level >= Raftd.State.Commands.FeatureLevel.First && wire.IsWhole
            ? meta
            : throw new BucketStoreException(
                BucketStoreFault.Corrupt, $"meta: {source.Length} bytes are no record of feature level {level}");
    }
}
