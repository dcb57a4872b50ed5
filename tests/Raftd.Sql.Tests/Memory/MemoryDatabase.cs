using Raftd.Sql.Database;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Tests.Memory;

/// <summary>A database in memory: each moment of it stays as it is for those who look at it.</summary>
internal sealed class MemoryDatabase : IDatabase
{
    // Guards the tables against two commits at once.
    private readonly Lock _gate = new();
    private volatile Tables _tables = new();

    public ulong ClusterId => 1;

    public string Name => "memory";

    /// <summary>As it is now.</summary>
    public Tables Tables => _tables;

    public void Prepare()
    {
    }

    public ISession Open() => new Session(this);

    public void Dispose()
    {
    }

    /// <summary>Puts another state of all tables in the place of this one: what a restored database is.</summary>
    public void Restore(Tables tables) => _tables = tables;

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
        public ISnapshot Snapshot(IReadOnlyList<ReadOnlyMemory<byte>> keys) => new Moment(database._tables);

        public IReadOnlyList<LogRow> LogFrom(long seq, int max) =>
            [.. database._tables.LogFrom(seq).Take(max)];

        public bool Commit(Batch batch) => database.TryChange(tables => tables.With(batch));

        public Swept Sweep(long from, long compactRevision, int max)
        {
            database.TryChange(tables => tables.WithSwept(from, compactRevision, max));
            return database._tables.Swept;
        }

        public Swept Swept() => database._tables.Swept;

        public void TrimLog(long below, int max) => database.TryChange(tables => tables with
        {
            Log = tables.Log.RemoveRange(tables.Log.Keys.TakeWhile(seq => seq < below && seq < tables.Last.Seq).Take(max)),
        });

        public void Beat(FrontRow front) => database.TryChange(tables => tables with { Fronts = tables.Fronts.SetItem(front.Id, front) });

        public IReadOnlyList<FrontRow> Fronts() => [.. database._tables.Fronts.Values];

        public void RemoveFront(ulong id) => database.TryChange(tables => tables with { Fronts = tables.Fronts.Remove(id) });

        public void Dispose()
        {
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
