using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Reading;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.State.Views;

namespace Raftd.Sql.Fronts;

/// <summary>The state as this front has taken it in. Leases are in memory; for keys each call asks the database, which may be ahead,
/// and waits for it.</summary>
internal sealed class FrontView(FrontState state, long sweptBytes, IDatabase database) : IHistoryView
{
    public long Revision => state.Last.Revision;

    public long CompactRevision => state.Last.CompactRevision;

    /// <remarks>The rows count on without a look at what was swept.</remarks>
    public long HistoryBytes => Math.Max(0, state.Last.HistoryBytes - sweptBytes);

    public int FeatureLevel => Raftd.State.Commands.FeatureLevel.Newest;

    public ILiveKey? FindLive(ReadOnlySpan<byte> key)
    {
        var bytes = key.ToArray();
        return Read(snapshot => snapshot.Find(bytes));
    }

    public IReadOnlyList<ILiveKey> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, int max) =>
        Read(snapshot => new SnapshotKeys(snapshot).LiveIn(range, from, max));

    public byte[] ValueOf(ILiveKey live) => Read(snapshot => new RowReader(snapshot).ValueOf((KeyRow)live));

    public RangeResponse Range(RangeRequest request) => Read(snapshot => new RowReader(snapshot).Range(request));

    public ImagePage Image(ReadOnlySpan<byte> from, long at, long maxBytes)
    {
        var key = from.ToArray();
        return Read(snapshot => new RowReader(snapshot).Image(key, at, maxBytes));
    }

    public bool HasChangedSince(ReadOnlySpan<byte> key, long afterRevision)
    {
        var bytes = key.ToArray();
        return Read(snapshot => VersionReader.HasChangedSince(snapshot, bytes, afterRevision));
    }

    public ChangePage Changes(Revision from, long maxBytes)
    {
        if (from.Main > Revision)
        {
            return new ChangePage([], Next: null);
        }

        return Read(snapshot =>
        {
            if (from.Main < snapshot.Last.CompactRevision)
            {
                throw ReadableRevisions.Compacted(from.Main, snapshot.Last.CompactRevision);
            }

            return PageOf(snapshot, from, maxBytes);
        });
    }

    public LeaseRecord? FindLease(long id) => state.Leases.Find(id);

    public LeaseKeyRecord? FindLeaseKey(long id, ReadOnlySpan<byte> key) => state.Leases.FindKey(id, key);

    public IEnumerable<LeaseRecord> LeasesFrom(long id) => state.Leases.From(id);

    public IEnumerable<LeaseRecord> LeasesNamed(byte[] prefix) => state.Leases.Named(prefix);

    public IEnumerable<AttachedKey> KeysOf(long lease, byte[] from) => state.Leases.KeysOf(lease, from);

    /// <summary>Up to this view's revision: what the database has behind it is told when it has been taken in.</summary>
    private ChangePage PageOf(ISnapshot snapshot, Revision from, long maxBytes)
    {
        var changes = snapshot.Changes(from, maxBytes);
        var isCut = changes.Sum(static change => (long)change.LogicalBytes) > maxBytes;
        if (isCut && changes.Count == 1)
        {
            // One change that fills the page alone: the next one is looked for.
            var only = changes[0].Revision;
            changes = [.. changes, .. snapshot.Changes(only with { Sub = only.Sub + 1 }, 0)];
            isCut = changes.Count > 1;
        }

        var next = isCut && changes[^1].Revision.Main <= Revision ? changes[^1].Revision : (Revision?)null;
        var taken = isCut ? changes.SkipLast(1) : changes;
        return new ChangePage([.. taken.Where(change => change.Revision.Main <= Revision)], next);
    }

    private T Read<T>(Func<ISnapshot, T> read)
    {
        try
        {
            using var session = database.Open();
            using var snapshot = session.Snapshot([]);
            return read(snapshot);
        }
        catch (DatabaseException failure)
        {
            throw DatabaseAnswers.Of(failure);
        }
    }
}
