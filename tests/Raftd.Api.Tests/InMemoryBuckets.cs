using Raftd.Contract;

namespace Raftd.Api.Tests;

/// <summary>Buckets in memory, each a store of its own beside the host's, which is the default one.</summary>
internal sealed class InMemoryBuckets(InMemoryCluster cluster) : IBucketService
{
    // Guards the buckets and the next number.
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, (long Id, InMemoryStore Store, BucketServices Services)> _buckets = new(StringComparer.Ordinal);
    private long _lastId = 1;

    /// <summary>Looks for buckets by name.</summary>
    public int Looks { get; private set; }

    public InMemoryStore StoreOf(string name) => _buckets[name].Store;

    public ValueTask<BucketServices?> FindAsync(string name, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Looks++;
            return ValueTask.FromResult(_buckets.TryGetValue(name, out var bucket) ? bucket.Services : null);
        }
    }

    public ValueTask<IReadOnlyList<BucketStatus>> ListAsync(Caller caller, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var first = Describe(BucketNames.Default, 1, cluster);
            return ValueTask.FromResult<IReadOnlyList<BucketStatus>>(
                [.. _buckets.Select(static pair => Describe(pair.Key, pair.Value.Id, pair.Value.Services.Cluster)).Append(first).OrderBy(static bucket => bucket.Name, StringComparer.Ordinal)]);
        }
    }

    public ValueTask<(BucketStatus Bucket, bool IsNew)> AddAsync(Caller caller, string name, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var isNew = name != BucketNames.Default && !_buckets.ContainsKey(name);
            if (isNew)
            {
                var store = new InMemoryStore(TimeProvider.System);
                var own = new InMemoryCluster(store, (ulong)++_lastId);
                _buckets[name] = (_lastId, store, ServicesOf(name, store, own));
            }

            var found = name == BucketNames.Default ? Describe(name, 1, cluster) : Describe(name, _buckets[name].Id, _buckets[name].Services.Cluster);
            return ValueTask.FromResult((found, isNew));
        }
    }

    public ValueTask RemoveAsync(Caller caller, string name, bool force, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (name == BucketNames.Default)
            {
                BucketNames.ThrowKept();
            }

            if (!_buckets.TryGetValue(name, out var bucket))
            {
                throw BucketNames.NotFound(name);
            }

            if (!force && bucket.Store.KeyCount > 0)
            {
                throw new StoreException(ErrorCode.Conflict, $"the bucket `{name}` has {bucket.Store.KeyCount} keys", "?force=1");
            }

            _buckets.Remove(name);
            return ValueTask.CompletedTask;
        }
    }

    private static BucketServices ServicesOf(string name, InMemoryStore store, InMemoryCluster own) => new()
    {
        Name = name,
        Keys = store,
        Leases = store,
        Watches = store,
        Cluster = own,
        Group = own,
        Maintenance = store,
        Lists = store,
    };

    private static BucketStatus Describe(string name, long id, IClusterService own)
    {
        var status = own.Status();
        return new BucketStatus
        {
            Name = name,
            Id = id,
            ClusterId = status.ClusterId,
            Revision = status.Revision,
            KeyCount = status.KeyCount,
            Leader = status.Leader,
        };
    }
}
