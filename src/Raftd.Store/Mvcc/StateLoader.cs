using System.Buffers.Binary;
using Raftd.Contract;
using Raftd.Store.Buckets;
using Raftd.Store.Commands;
using Raftd.Store.Leases;

namespace Raftd.Store.Mvcc;

/// <summary>Rebuilds what is kept in memory from a store: one pass over the revisions, in order.</summary>
internal static class StateLoader
{
    public static WorkingState Load(IBucketStore store, StoreOptions options)
    {
        var epoch = new StateEpoch(store, new ValueCache(options.CacheBytes));
        using var reader = store.BeginRead();
        var meta = StoredMeta.Read(reader, options.KnownLevel);
        if (meta is null)
        {
            RequireEmpty(reader);
            return new WorkingState(epoch, default);
        }

        var state = new WorkingState(epoch, meta.Applied)
        {
            FeatureLevel = meta.FeatureLevel,
            ConfigurationIndex = meta.ConfigurationIndex,
        };
        state.Keyspace.Revision = meta.Revision;
        LoadRevisions(reader, state, meta);
        AttachKeys(state, LoadLeases(reader, state));
        state.Configuration = StateMachine.ReadConfiguration(reader);
        if (meta.ConfigurationIndex != 0 && state.Configuration.Length == 0)
        {
            throw Corrupt($"the configuration of entry {meta.ConfigurationIndex} is gone");
        }

        state.Alarms = LoadAlarms(reader);
        if (state.Keyspace.LogicalBytes != meta.LogicalBytes)
        {
            throw Corrupt($"the records add up to {state.Keyspace.LogicalBytes} logical bytes, meta says {meta.LogicalBytes}");
        }

        return state;
    }

    /// <summary>The first flush writes meta with all the rest: what has pairs and no meta has lost it.</summary>
    private static void RequireEmpty(IBucketReader reader)
    {
        foreach (var bucket in Enum.GetValues<Bucket>())
        {
            if (reader.Count(bucket) > 0)
            {
                throw Corrupt($"meta is gone, and bucket {bucket} has {reader.Count(bucket)} pairs");
            }
        }
    }

    private static void LoadRevisions(IBucketReader reader, WorkingState state, StoredMeta meta)
    {
        using var cursor = reader.OpenCursor(Bucket.Revisions);
        for (var found = cursor.Seek([]); found; found = cursor.MoveNext())
        {
            if (cursor.Key.Length != Revision.EncodedBytes)
            {
                throw Corrupt($"a revision key has {cursor.Key.Length} bytes");
            }

            var revision = Revision.ReadFrom(cursor.Key);
            if (revision.Main > meta.Revision)
            {
                throw Corrupt($"revision {revision} is above the store's revision {meta.Revision}");
            }

            state.Keyspace.Restore(
                RevisionRecord.Read(revision, cursor.Value, ValueCache.MaxValueBytes));
        }

        // What an earlier run compacted and did not delete yet is found again as dead and deleted by the next flushes.
        state.Keyspace.Compact(meta.CompactRevision);
        bool hasMore;
        do
        {
            hasMore = state.Keyspace.CleanIndex(maxKeys: 4096);
            state.Keyspace.SettleCache();
        }
        while (hasMore);
    }

    /// <returns>What is stored of keys, to be taken by the keys it belongs to.</returns>
    private static Dictionary<LeaseKeyId, LeaseKeyRecord> LoadLeases(IBucketReader reader, WorkingState state)
    {
        var keys = new Dictionary<LeaseKeyId, LeaseKeyRecord>();
        using var cursor = reader.OpenCursor(Bucket.Leases);
        for (var found = cursor.Seek([]); found; found = cursor.MoveNext())
        {
            var stored = StoredChecksum.Open(Bucket.Leases, cursor.Key, cursor.Value);
            var id = BinaryPrimitives.ReadInt64BigEndian(cursor.Key);
            if (cursor.Key.Length == LeaseKeyRecord.EncodedKeyBytes)
            {
                var modRevision = BinaryPrimitives.ReadInt64BigEndian(cursor.Key[8..]);
                keys.Add(new LeaseKeyId(id, modRevision), LeaseKeyRecord.Read(id, modRevision, stored));
                state.Keyspace.Count(LeaseKeyRecord.StoredBytes);
                continue;
            }

            var lease = LeaseRecord.Read(id, stored);
            state.Leases.Restore(lease);
            state.Keyspace.Count(lease.LogicalBytes);
        }

        return keys;
    }

    private static void AttachKeys(WorkingState state, Dictionary<LeaseKeyId, LeaseKeyRecord> stored)
    {
        var scan = state.Keyspace.Index.Working.All();
        while (scan.MoveNext())
        {
            var key = scan.Item;
            if (key.IsTombstone || key.Lease == 0)
            {
                continue;
            }

            if (state.Leases.Find(key.Lease) is null)
            {
                throw Corrupt($"the key of revision {key.Revision} names lease {key.Lease}, which is not stored");
            }

            var isStored = stored.Remove(new LeaseKeyId(key.Lease, key.Revision.Main), out var record);
            if (isStored && !key.HasOwnDeadline)
            {
                throw Corrupt($"something is stored of the key of revision {key.Revision}, which has no deadline of its own");
            }

            state.Leases.Attach(
                key.Lease, key.Key, record ?? new LeaseKeyRecord(key.HasOwnDeadline, key.Revision.Main));
        }

        if (stored.Count > 0)
        {
            throw Corrupt($"something is stored of {stored.Keys.First()}, a key that is not there");
        }
    }

    private static Alarm[] LoadAlarms(IBucketReader reader)
    {
        var alarms = new List<Alarm>();
        using var cursor = reader.OpenCursor(Bucket.Alarms);
        for (var found = cursor.Seek([]); found; found = cursor.MoveNext())
        {
            StoredChecksum.Open(Bucket.Alarms, cursor.Key, cursor.Value);
            alarms.Add(ReadAlarm(cursor.Key));
        }

        return [.. alarms];
    }

    private static Alarm ReadAlarm(ReadOnlySpan<byte> key) =>
        key.Length == StateMachine.AlarmKeyBytes && AlarmCommand.IsAlarm(key[0], key[1])
            ? new Alarm((AlarmKind)key[0], (AlarmCause)key[1], BinaryPrimitives.ReadUInt64BigEndian(key[2..]))
            : throw Corrupt($"no alarm has the key {Convert.ToHexString(key)}");

    private static BucketStoreException Corrupt(string message) => new(BucketStoreFault.Corrupt, message);
}
