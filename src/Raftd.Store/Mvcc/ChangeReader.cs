// The changes of the keyspace in the order of their revisions: for watchers that are behind, and for a key's history.
//
// A record moves from the active half of the overlay to the frozen half to the store, and leaves each place only after it
// is in the next one (RecordReader). So the halves are looked at first, as one value: what they do not begin with yet is in
// a read transaction of the store that begins afterwards, and what they hold is not read from there a second time.
//
// One step takes a bounded number of bytes and ends anywhere between two changes, in the middle of an entry too: an entry
// may delete a million keys. So neither the answer nor the read transaction grows with the distance.

using Raftd.State.Keyspaces;
using Raftd.State.Views;
using Raftd.Store.Buckets;

namespace Raftd.Store.Mvcc;

/// <summary>One step through the changes of [from, through].</summary>
/// <param name="epoch">Of the view that is read.</param>
/// <param name="from">Not below the compact revision, as far as the caller knows.</param>
/// <param name="through">The view's revision.</param>
/// <param name="maxBytes">Of logical bytes; the first change may be larger.</param>
internal sealed class ChangeReader(StateEpoch epoch, Revision from, long through, long maxBytes)
{
    private readonly List<RevisionRecord> _changes = [];
    private long _bytes;
    private Revision? _next;

    /// <returns>Null where a compaction has overtaken it.</returns>
    /// <exception cref="BucketStoreException">Corrupt: a change that no compaction has taken is not there.</exception>
    /// <exception cref="StateReplacedException">The store was closed for another.</exception>
    public ChangePage? Read()
    {
        var halves = epoch.Halves;
        var unflushed = FirstOf(halves) ?? new Revision(long.MaxValue, 0);
        if (from.CompareTo(unflushed) < 0)
        {
            ReadStored(unflushed);
        }

        ReadOverlay(halves.Frozen);
        ReadOverlay(halves.Active);
        var floor = epoch.CompactFloor;
        if (from.Main < floor)
        {
            return null;
        }

        RequireNoGap(floor);
        return new ChangePage(_changes, _next);
    }

    private static Revision? FirstOf(OverlayHalves halves) =>
        halves.Frozen is { Count: > 0 } frozen ? frozen[0].Revision
        : halves.Active.Count > 0 ? halves.Active[0].Revision
        : null;

    private void ReadStored(Revision end)
    {
        using var reader = RecordReader.BeginRead(epoch);
        using var cursor = reader.OpenCursor(Bucket.Revisions);
        Span<byte> key = stackalloc byte[Revision.EncodedBytes];
        from.WriteTo(key);
        for (var found = cursor.Seek(key); found; found = cursor.MoveNext())
        {
            var revision = Revision.ReadFrom(cursor.Key);
            if (revision.CompareTo(end) >= 0 || !TryAdd(RevisionCodec.Read(revision, cursor.Value), mustYield: reader.MustYield))
            {
                return;
            }
        }
    }

    private void ReadOverlay(Overlay? overlay)
    {
        if (overlay is null)
        {
            return;
        }

        var count = overlay.Count;
        for (var at = overlay.LowerBound(from); at < count && TryAdd(overlay[at], mustYield: false); at++)
        {
        }
    }

    /// <returns>False when the step is over.</returns>
    private bool TryAdd(RevisionRecord change, bool mustYield)
    {
        if (_next is not null || change.Revision.Main > through)
        {
            return false;
        }

        if (_changes.Count > 0 && (mustYield || _bytes + change.LogicalBytes > maxBytes))
        {
            _next = change.Revision;
            return false;
        }

        _changes.Add(change);
        _bytes += change.LogicalBytes;
        return true;
    }

    /// <summary>Above the compact revision each main revision has changes, numbered from 0, and none of them may go.</summary>
    private void RequireNoGap(long floor)
    {
        var expected = from;
        foreach (var revision in _changes.Select(static change => change.Revision).Append(_next ?? new Revision(through + 1, 0)))
        {
            Invariant.Check(revision.CompareTo(expected) >= 0, $"change {revision} is read again, {expected} would be next");
            var follows = revision == expected || revision == new Revision(expected.Main + 1, 0);
            if (!follows && revision.Main > floor + 1)
            {
                throw new BucketStoreException(
                    BucketStoreFault.Corrupt, $"the change behind {expected} is not stored, but {revision} is; compacted is only {floor}");
            }

            expected = new Revision(revision.Main, revision.Sub + 1);
        }
    }
}
