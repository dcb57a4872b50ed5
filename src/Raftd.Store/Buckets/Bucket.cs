namespace Raftd.Store.Buckets;

/// <summary>The named parts of the replicated state. The numbers are written into snapshots and never change.</summary>
public enum Bucket : byte
{
    /// <summary>Of which moment the store is: feature level, applied index and term, hash, revisions (StoredMeta).</summary>
    Meta = 0,

    /// <summary>One pair: the configuration of the Raft group as applied (ConfigurationPart).</summary>
    Members = 1,

    /// <summary>Revision to key, value and metadata. User keys are never bucket keys (docs/lmdb.md).</summary>
    Revisions = 2,

    /// <summary>Lease id to its metadata.</summary>
    Leases = 3,

    /// <summary>Users, roles and whether authentication is on.</summary>
    Auth = 4,

    /// <summary>Alarms that are raised.</summary>
    Alarms = 5,
}

/// <summary>What holds for every bucket of every store behind the seam.</summary>
public static class BucketLimits
{
    /// <summary>Buckets are numbered [0, BucketCount).</summary>
    public const int BucketCount = 6;

    /// <summary>A key has 1 to this many bytes, LMDB's compiled-in limit.</summary>
    public const int MaxKeyBytes = 511;

    /// <summary>A value has 0 to this many bytes: what one snapshot chunk may carry.</summary>
    public const int MaxValueBytes = 64 << 20;
}
