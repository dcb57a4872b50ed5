namespace Raftd.Store.Snapshots;

/// <summary>What a snapshot says of itself; given by the caller, carried as it is.</summary>
/// <param name="Index">Applied index: every entry up to it is in the state, none after it.</param>
/// <param name="Term">Term of the entry at Index.</param>
/// <param name="Hash">Hash chain of responses and mutations as of Index.</param>
/// <param name="ClusterId">A snapshot of another cluster must not be installed.</param>
/// <param name="Configuration">Membership as of Index, opaque here; at most 1 MiB.</param>
/// <param name="ConfigurationIndex">Index of the entry that made the configuration.</param>
/// <param name="StoreRevision">Revision of the keyspace as of Index.</param>
/// <param name="FeatureLevel">The cluster's as of Index: the pairs and the stream itself are in its forms.</param>
public sealed record SnapshotMeta(
    ulong Index,
    ulong Term,
    ulong Hash,
    ulong ClusterId,
    ReadOnlyMemory<byte> Configuration,
    ulong ConfigurationIndex,
    ulong StoreRevision,
    int FeatureLevel)
{
    /// <summary>By content: the configuration's bytes, not where they lie.</summary>
    public bool Equals(SnapshotMeta? other) =>
        other is not null
        && (Index, Term, Hash, ClusterId, ConfigurationIndex, StoreRevision, FeatureLevel)
            == (other.Index, other.Term, other.Hash, other.ClusterId, other.ConfigurationIndex, other.StoreRevision,
                other.FeatureLevel)
        && Configuration.Span.SequenceEqual(other.Configuration.Span);

    public override int GetHashCode() => HashCode.Combine(Index, Term, Hash, ClusterId, ConfigurationIndex);
}
