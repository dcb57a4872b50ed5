using Raftd.Contract;

namespace Raftd.Api;

/// <summary>The buckets of an engine that has one keyspace.</summary>
internal sealed class OneBucket(BucketServices bucket) : IBucketService
{
    private const long Id = 1;

    public ValueTask<BucketServices?> FindAsync(string name, CancellationToken cancellationToken) => ValueTask.FromResult<BucketServices?>(null);

    public ValueTask<IReadOnlyList<BucketStatus>> ListAsync(Caller caller, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<BucketStatus>>([Described()]);

    public ValueTask<(BucketStatus Bucket, bool IsNew)> AddAsync(Caller caller, string name, CancellationToken cancellationToken) =>
        name == BucketNames.Default
            ? ValueTask.FromResult((Described(), false))
            : throw new StoreException(
                ErrorCode.Conflict,
                $"members have one keyspace, the bucket `{BucketNames.Default}`; nothing was made",
                "use prefixes of keys, or fronts over a database, which have buckets: docs/sql-engine.md");

    public ValueTask RemoveAsync(Caller caller, string name, bool force, CancellationToken cancellationToken)
    {
        if (name == BucketNames.Default)
        {
            BucketNames.ThrowKept();
        }

        throw BucketNames.NotFound(name);
    }

    private BucketStatus Described()
    {
        var status = bucket.Cluster.Status();
        return new BucketStatus
        {
            Name = bucket.Name,
            Id = Id,
            ClusterId = status.ClusterId,
            Revision = status.Revision,
            KeyCount = status.KeyCount,
            Leader = status.Leader,
        };
    }
}
