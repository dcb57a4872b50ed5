using System.Collections.Immutable;
using Raftd.Sql.Database;
using Raftd.Sql.Evaluation;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Tests.Memory;

/// <summary>All tables of a bucket in one moment. Never changes: a commit makes another.</summary>
internal sealed record Tables
{
    public ImmutableSortedDictionary<long, LogRow> Log { get; init; } =
        ImmutableSortedDictionary<long, LogRow>.Empty.Add(LogRow.First.Seq, LogRow.First);

    public ImmutableSortedDictionary<Revision, NewVersion> Versions { get; init; } = ImmutableSortedDictionary<Revision, NewVersion>.Empty;

    public ImmutableSortedDictionary<byte[], KeyRow> Keys { get; init; } =
        ImmutableSortedDictionary<byte[], KeyRow>.Empty.WithComparers(KeyOrder.Instance);

    public ImmutableSortedDictionary<long, LeaseRecord> Leases { get; init; } = ImmutableSortedDictionary<long, LeaseRecord>.Empty;

    public ImmutableSortedDictionary<(long Lease, byte[] Key), LeaseKeyRecord> LeaseKeys { get; init; } =
        ImmutableSortedDictionary<(long, byte[]), LeaseKeyRecord>.Empty.WithComparers(
            Comparer<(long Lease, byte[] Key)>.Create(static (a, b) =>
                a.Lease != b.Lease ? a.Lease.CompareTo(b.Lease) : KeyOrder.Instance.Compare(a.Key, b.Key)));

    public ImmutableDictionary<string, byte[]> Meta { get; init; } = ImmutableDictionary<string, byte[]>.Empty;

    public ImmutableDictionary<ulong, FrontRow> Fronts { get; init; } = ImmutableDictionary<ulong, FrontRow>.Empty;

    public Swept Swept { get; init; }

    public LogRow Last { get; init; } = LogRow.First;

    /// <summary>False once the bucket was removed and cleared.</summary>
    public bool HasLog => !Log.IsEmpty;

    /// <summary>Rows from one on, in order: their numbers have no gap.</summary>
    public IEnumerable<LogRow> LogFrom(long seq)
    {
        for (var at = HasLog ? Math.Max(seq, Log.Keys.First()) : seq; Log.TryGetValue(at, out var row); at++)
        {
            yield return row;
        }
    }

    /// <summary>Null where another row is the last one.</summary>
    public Tables? With(Batch batch)
    {
        if (Last.Seq != batch.Before.Seq || Last.Chain != batch.Before.Chain)
        {
            return null;
        }

        RequireDone(batch.Deletion);
        batch = Expanded(batch);
        var keys = Keys.ToBuilder();
        foreach (var (key, row) in batch.Keys)
        {
            keys.Remove(key);
            if (row is not null)
            {
                keys.Add(key, row);
            }
        }

        var leases = Leases.ToBuilder();
        foreach (var (id, lease) in batch.Leases)
        {
            leases.Remove(id);
            if (lease is not null)
            {
                leases.Add(id, lease);
            }
        }

        var leaseKeys = LeaseKeys.ToBuilder();
        foreach (var (lease, key, record) in batch.LeaseKeys)
        {
            leaseKeys.Remove((lease, key));
            if (record is not null)
            {
                leaseKeys.Add((lease, key), record);
            }
        }

        return this with
        {
            Log = Log.Add(batch.Row.Seq, batch.Row),
            Last = batch.Row,
            Versions = Versions.AddRange(batch.Versions.Select(static version => KeyValuePair.Create(version.Record.Revision, version))),
            Keys = keys.ToImmutable(),
            Leases = leases.ToImmutable(),
            LeaseKeys = leaseKeys.ToImmutable(),
            Meta = Meta.SetItems(batch.Meta.Select(static change => KeyValuePair.Create(change.Name, change.Value))),
        };
    }

    /// <summary>A deletion as a set as the rows that it comes to, behind this moment.</summary>
    public Batch Expanded(Batch batch)
    {
        if (batch.Deletion is not { } deletion)
        {
            return batch;
        }

        var rows = Keys.Values.Where(row => deletion.Slices.Any(slice => IsIn(slice, row.Key))).ToList();
        var leased = deletion.HasLeases ? rows.Where(static row => row.Lease != 0).ToList() : [];
        return batch with
        {
            Deletion = null,
            Versions = [.. rows.Select((row, sub) => DeletionOf(row, new Revision(deletion.Revision, sub)))],
            Keys = [.. rows.Select(static row => new KeyChange(row.Key, null))],
            Leases = [.. leased.Where(row => Leases[row.Lease].Hidden).Select(static row => new LeaseRowChange(row.Lease, null))],
            LeaseKeys = [.. leased.Select(static row => new LeaseKeyRowChange(row.Lease, row.Key, null))],
        };
    }

    /// <summary>As a server does a deletion, slice by slice.</summary>
    private void RequireDone(RangeDeletion? deletion)
    {
        foreach (var slice in deletion?.Slices ?? [])
        {
            deletion!.RequireTime();
            RangeDeletion.Require(slice, Keys.Keys.LongCount(key => IsIn(slice, key)));
        }

        deletion?.RequireTime();
    }

    private static bool IsIn(KeySlice slice, byte[] key) =>
        key.AsSpan().SequenceCompareTo(slice.First.Span) >= 0 && key.AsSpan().SequenceCompareTo(slice.Last) <= 0;

    private static NewVersion DeletionOf(KeyRow row, Revision revision) =>
        new(new RevisionRecord(revision, row.Key, [], 0, 0, 0, KeyFlags.Tombstone), row.Revision);

    /// <summary>Where a step of a sweep of so many versions ends.</summary>
    public Revision VersionBehind(Revision from, long compactRevision, int max) =>
        Versions.Keys.Where(revision => revision.CompareTo(from) >= 0 && revision.Main <= compactRevision).Skip(max)
            .Append(new Revision(compactRevision + 1, 0)).First();

    /// <summary>One step of a sweep, over [from, next).</summary>
    public Tables WithSwept(Revision from, Revision next, long compactRevision)
    {
        var versions = Versions.ToBuilder();
        var bytes = 0L;
        foreach (var version in Versions.Values)
        {
            var revision = version.Record.Revision;
            if (revision.CompareTo(from) < 0 || revision.CompareTo(next) >= 0)
            {
                continue;
            }

            if (version.Before is { } before && before.Main < compactRevision)
            {
                Delete(before);
            }

            if (version.Record.IsTombstone && version.Record.Revision.Main < compactRevision)
            {
                Delete(version.Record.Revision);
            }
        }

        return this with { Versions = versions.ToImmutable(), Swept = new Swept(Math.Max(Swept.Revision, next.Main), Swept.Bytes + bytes) };

        void Delete(Revision revision)
        {
            if (versions.TryGetValue(revision, out var version))
            {
                versions.Remove(revision);
                bytes += version.Record.LogicalBytes;
            }
        }
    }
}
