using System.Collections.Immutable;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Tests.Memory;

/// <summary>A database in memory: each moment of it stays as it is for those who look at it.</summary>
internal sealed class MemoryDatabase : IDatabase
{
    private const ulong DefaultClusterId = 1;

    // Guards the tables against two commits at once, and the rows of the buckets. One lock for all.
    private readonly Lock _gate;
    private readonly SortedDictionary<long, (BucketRow Row, MemoryDatabase Bucket)> _buckets;
    private readonly long _id;
    private volatile Tables _tables = new();

    public MemoryDatabase()
    {
        (_gate, _buckets, _id, ClusterId, Bucket) = (new Lock(), [], BucketRow.DefaultId, DefaultClusterId, BucketNames.Default);
        _buckets.Add(_id, (RowOf(_id, Bucket, ClusterId), this));
    }

    private MemoryDatabase(MemoryDatabase other, BucketRow row, Tables tables)
    {
        (_gate, _buckets, _id, ClusterId, Bucket) = (other._gate, other._buckets, row.Id, row.ClusterId, row.Name);
        _tables = tables;
    }

    public string Bucket { get; }

    public ulong ClusterId { get; }

    public string Name => "memory";

    /// <summary>As it is now.</summary>
    public Tables Tables => _tables;

    public void Prepare()
    {
    }

    public IDatabase OfBucket(BucketRow bucket)
    {
        lock (_gate)
        {
            return _buckets.TryGetValue(bucket.Id, out var there) && there.Row.ClusterId == bucket.ClusterId
                ? there.Bucket
                : new MemoryDatabase(this, bucket, new Tables { Log = ImmutableSortedDictionary<long, LogRow>.Empty });
        }
    }

    public ISession Open() => new Session(this);

    public void Dispose()
    {
    }

    /// <summary>Puts another state of all tables in the place of this one: what a restored database is.</summary>
    public void Restore(Tables tables) => _tables = tables;

    private static Tables Begun(LogRow first) =>
        new() { Log = ImmutableSortedDictionary<long, LogRow>.Empty.Add(first.Seq, first), Last = first };

    private static BucketRow RowOf(long id, string name, ulong clusterId) => new(id, name, clusterId, default, 0, 0, 0, 0);

    private bool TryChange(Func<Tables, Tables?> change)
    {
        lock (_gate)
        {
            if (change(_tables) is not { } changed)
            {
                return false;
            }

            _tables = changed;
            return true;
        }
    }

    private sealed class Session(MemoryDatabase database) : ISession
    {
        public ISnapshot Snapshot(IReadOnlyList<ReadOnlyMemory<byte>> keys) => database._tables is { HasLog: true } tables
            ? new Moment(tables)
            : throw new DatabaseException(DatabaseFault.Wrong, "the log has no rows");

        public IReadOnlyList<LogRow> LogFrom(long seq, int max) =>
            [.. database._tables.LogFrom(seq).Take(max)];

        public bool Commit(Batch batch) => database.TryChange(tables =>
        {
            var changed = tables.HasLog ? tables.With(batch) : null;
            if (changed is not null && batch.Row.IsEnd)
            {
                Rename(database._id, BucketRow.RemovedName(database._id));
            }

            return changed;
        });

        public SweepStep Sweep(Revision from, long compactRevision, int max)
        {
            var next = default(Revision);
            database.TryChange(tables =>
            {
                next = tables.VersionBehind(from, compactRevision, max);
                return tables.WithSwept(from, next, compactRevision);
            });
            return new SweepStep(next, database._tables.Swept);
        }

        public Swept Swept() => database._tables.Swept;

        public void TrimLog(long below, int max) => database.TryChange(tables => tables with
        {
            Log = tables.Log.RemoveRange(tables.Log.Keys.TakeWhile(seq => seq < below && seq < tables.Last.Seq).Take(max)),
        });

        public void Beat(FrontRow front) => database.TryChange(tables => tables with { Fronts = tables.Fronts.SetItem(front.Id, front) });

        public IReadOnlyList<FrontRow> Fronts() => [.. database._tables.Fronts.Values];

        public IReadOnlyList<BucketRow> Buckets()
        {
            lock (database._gate)
            {
                return
                [
                    .. database._buckets.Values.Select(static bucket => bucket.Row with
                    {
                        Swept = bucket.Bucket._tables.Swept,
                        Seq = bucket.Bucket._tables.HasLog ? bucket.Bucket._tables.Last.Seq : 0,
                        Leader = bucket.Bucket._tables.Last.Leader,
                        Revision = bucket.Bucket._tables.Last.Revision,
                        KeyCount = bucket.Bucket._tables.Last.KeyCount,
                    }),
                ];
            }
        }

        public bool AddBucket(BucketRow bucket, LogRow first)
        {
            lock (database._gate)
            {
                var isFree = bucket.Id > database._buckets.Keys.Last() && database._buckets.Values.All(other => other.Row.Name != bucket.Name);
                if (isFree)
                {
                    database._buckets.Add(bucket.Id, (bucket, new MemoryDatabase(database, bucket, Begun(first))));
                }

                return isFree;
            }
        }

        public bool ClearBucket(long id, int max)
        {
            lock (database._gate)
            {
                if (!database._buckets.TryGetValue(id, out var bucket))
                {
                    return false;
                }

                if (bucket.Bucket._tables.HasLog)
                {
                    bucket.Bucket._tables = new Tables { Log = ImmutableSortedDictionary<long, LogRow>.Empty };
                    return true;
                }

                Rename(id, BucketRow.ClearedName(id));
                foreach (var cleared in database._buckets.Values.Where(static other => !other.Row.IsLive && !other.Row.IsRemoved).ToList())
                {
                    if (cleared.Row.Id < database._buckets.Keys.Last())
                    {
                        database._buckets.Remove(cleared.Row.Id);
                    }
                }

                return false;
            }
        }

        public void RemoveFront(ulong id) => database.TryChange(tables => tables with { Fronts = tables.Fronts.Remove(id) });

        public void Dispose()
        {
        }

        private void Rename(long id, string name)
        {
            var (row, bucket) = database._buckets[id];
            database._buckets[id] = (row with { Name = name }, bucket);
        }
    }

    private sealed class Moment(Tables tables) : ISnapshot
    {
        public LogRow Last => tables.Last;

        public KeyRow? Find(ReadOnlyMemory<byte> key) =>
            tables.Keys.TryGetValue(key.ToArray(), out var row) ? Shown(row, withValues: true) : null;

        public IReadOnlyList<KeyRow> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, bool isDescending, int max, bool withValues)
        {
            var rows = tables.Keys.Values.Where(row => range.Holds(row.Key));
            rows = isDescending
                ? rows.Where(row => from.IsEmpty || row.Key.AsSpan().SequenceCompareTo(from.Span) < 0).Reverse()
                : rows.Where(row => row.Key.AsSpan().SequenceCompareTo(from.Span) >= 0);
            return [.. rows.Take(max).Select(row => Shown(row, withValues))];
        }

        public KeySlice? Slice(KeyRange range, ReadOnlyMemory<byte> from, int max)
        {
            var keys = LiveIn(range, from, isDescending: false, max, withValues: false);
            return keys.Count == 0
                ? null
                : new KeySlice(
                    from, keys[^1].Key, keys.Count, keys.Sum(static row => (long)row.Key.Length), keys.Sum(static row => (long)row.ValueBytes));
        }

        public long CountLive(KeyRange range) => tables.Keys.Keys.LongCount(key => range.Holds(key));

        public IReadOnlyList<RevisionRecord> VersionsIn(
            KeyRange range, ReadOnlyMemory<byte> key, Revision behind, long through, int max) =>
        [
            .. tables.Versions.Values.Select(static version => version.Record)
                .Where(record => range.Holds(record.Key) && record.Revision.Main <= through)
                .GroupBy(static record => record.Key, BytesComparer.Instance)
                .OrderBy(static group => group.Key, Evaluation.KeyOrder.Instance)
                .SelectMany(static group => group)
                .Where(record => IsBehind(record, key, behind))
                .Take(max)
                .Select(WithoutValue),
        ];

        public IReadOnlyList<byte[]?> ValuesOf(IReadOnlyList<Revision> revisions) =>
            [.. revisions.Select(revision => tables.Versions.TryGetValue(revision, out var version) && !version.Record.IsTombstone ? version.Record.Value : null)];

        public IReadOnlyList<RevisionRecord> VersionsOf(ReadOnlyMemory<byte> key, Revision from, int max) =>
        [
            .. tables.Versions.Values.Reverse().Select(static version => version.Record)
                .Where(record => record.Revision.CompareTo(from) <= 0 && record.Key.AsSpan().SequenceEqual(key.Span))
                .Take(max)
                .Select(WithoutValue),
        ];

        public IReadOnlyList<RevisionRecord> Changes(Revision from, long maxBytes)
        {
            var changes = new List<RevisionRecord>();
            var bytes = 0L;
            foreach (var version in tables.Versions.Values.SkipWhile(version => version.Record.Revision.CompareTo(from) < 0))
            {
                changes.Add(version.Record);
                bytes += version.Record.LogicalBytes;
                if (bytes > maxBytes)
                {
                    break;
                }
            }

            return changes;
        }

        public IReadOnlyList<LeaseRecord> Leases(long from, int max) => [.. tables.Leases.Values.Where(lease => lease.Id >= from).Take(max)];

        public IReadOnlyList<LeaseKeyRow> LeaseKeys(long lease, ReadOnlyMemory<byte> behind, int max) =>
        [
            .. tables.LeaseKeys
                .Where(pair => pair.Key.Lease > lease || (pair.Key.Lease == lease && pair.Key.Key.AsSpan().SequenceCompareTo(behind.Span) > 0))
                .Take(max)
                .Select(static pair => new LeaseKeyRow(pair.Key.Lease, pair.Key.Key, pair.Value)),
        ];

        public IReadOnlyList<MetaChange> Meta() => [.. tables.Meta.Select(static pair => new MetaChange(pair.Key, pair.Value))];

        public IReadOnlyList<FrontRow> Fronts() => [.. tables.Fronts.Values];

        public void Dispose()
        {
        }

        private static KeyRow Shown(KeyRow row, bool withValues) =>
            withValues && row.ValueBytes <= KeyRow.MaxInlineBytes ? row : row with { Value = null };

        private static RevisionRecord WithoutValue(RevisionRecord record) => record with { Value = [], ValueBytes = record.ValueBytes };

        private static bool IsBehind(RevisionRecord record, ReadOnlyMemory<byte> key, Revision behind)
        {
            var order = record.Key.AsSpan().SequenceCompareTo(key.Span);
            return order > 0 || (order == 0 && record.Revision.CompareTo(behind) > 0);
        }
    }
}
