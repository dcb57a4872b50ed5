using System.Buffers.Binary;
using Raftd.Contract;
using Raftd.Store.Buckets;
using Raftd.Store.Commands;
using Raftd.Store.Leases;

namespace Raftd.Store.Mvcc;

/// <summary>Rebuilds what is kept in memory from a store: one pass over the revisions, in order.</summary>
internal static class StateLoader
{
    public static WorkingState Load(IBucketStore store, long cacheBytes)
    {
        var epoch = new StateEpoch(store, new ValueCache(cacheBytes));
        using var reader = store.BeginRead();
        var meta = StoredMeta.Read(reader);
        if (meta is null)
        {
            return new WorkingState(epoch, default);
        }

        var state = new WorkingState(epoch, meta.Applied) { ConfigurationIndex = meta.ConfigurationIndex };
        state.Keyspace.Revision = meta.Revision;
        LoadRevisions(reader, state, meta);
        LoadLeases(reader, state);
        AttachKeys(state);
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

    private static void LoadLeases(IBucketReader reader, WorkingState state)
    {
        using var cursor = reader.OpenCursor(Bucket.Leases);
        for (var found = cursor.Seek([]); found; found = cursor.MoveNext())
        {
            var stored = StoredChecksum.Open(Bucket.Leases, cursor.Key, cursor.Value);
            var lease = LeaseRecord.Read(BinaryPrimitives.ReadInt64BigEndian(cursor.Key), stored);
            state.Leases.Restore(lease);
            state.Keyspace.Count(lease.LogicalBytes);
        }
    }

    private static void AttachKeys(WorkingState state)
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

            state.Leases.Attach(key.Lease, key.Key, key.HasOwnDeadline, key.Revision.Main);
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
        key.Length == StateMachine.AlarmKeyBytes && CommandCodec.IsAlarm(key[0], key[1])
            ? new Alarm((AlarmKind)key[0], (AlarmCause)key[1], BinaryPrimitives.ReadUInt64BigEndian(key[2..]))
            : throw Corrupt($"no alarm has the key {Convert.ToHexString(key)}");

    private static BucketStoreException Corrupt(string message) => new(BucketStoreFault.Corrupt, message);
}
