using Raftd.Store.Buckets;

namespace Raftd.Store;

/// <summary>Rebuilds what is kept in memory from a store.</summary>
internal static class StateLoader
{
    public static StateCopy Load(IBucketStore store, StoreOptions options)
    {
        using var reader = store.BeginRead();
        var meta = StoredMeta.Read(reader, options.KnownLevel);
        if (meta is null)
        {
            RequireEmpty(reader);
            return new StateCopy(store, options, default);
        }

        var copy = new StateCopy(store, options, meta.Applied);
        copy.Working.FeatureLevel = meta.FeatureLevel;
        foreach (var part in StateParts.All)
        {
            part.Load(reader, meta, copy);
        }

        return copy.Keyspace.LogicalBytes == meta.LogicalBytes
            ? copy
            : throw BucketStoreException.Corrupt($"the records add up to {copy.Keyspace.LogicalBytes} logical bytes, meta says {meta.LogicalBytes}");
    }

    /// <summary>The first flush writes meta together with the rest: a store with pairs and no meta has lost its meta.</summary>
    private static void RequireEmpty(IBucketReader reader)
    {
        foreach (var bucket in Enum.GetValues<Bucket>())
        {
            if (reader.Count(bucket) > 0)
            {
                throw BucketStoreException.Corrupt($"meta is gone, and bucket {bucket} has {reader.Count(bucket)} pairs");
            }
        }
    }
}
