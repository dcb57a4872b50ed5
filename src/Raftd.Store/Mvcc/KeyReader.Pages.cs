// Ranges and histories in bounded steps: for answers of any length.
//
// A step keeps nothing open for the next one: no index, and no read transaction, which would make the file grow. It finds its
// place by key, or by revision, in the newest view. What it reads is as of one revision and does not change, until a
// compaction takes it: then the step is refused, and the keys already answered were right.

using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Trees;

namespace Raftd.Store.Mvcc;

internal readonly partial struct KeyReader
{
    /// <exception cref="StoreException">As Range.</exception>
    public KeyPage Page(KeyPageRequest request)
    {
        var at = request.Revision == 0 ? newest : request.Revision;
        CheckRevision(at);
        using var reader = new RecordReader(epoch);
        var page = new KeyPageFill(request, at);
        if (request.IsDescending)
        {
            FillBack(page, reader);
        }
        else
        {
            Fill(page, reader);
        }

        return new KeyPage
        {
            Revision = newest,
            ReadRevision = at,
            Items = page.Items,
            Count = request.Counts ? Count(request, at) : 0,
            Next = page.Next,
        };
    }

    /// <summary>The versions of a key that are kept, from one on, the newest first.</summary>
    /// <exception cref="StoreException">As TryGet.</exception>
    public VersionPage Versions(VersionPageRequest request)
    {
        var items = new List<HistoryItem>();
        var bytes = 0L;
        using var reader = new RecordReader(epoch);
        foreach (var revision in KeptVersions(request))
        {
            var record = Find(reader, revision, newest, request.MaxValueBytes);
            var valueBytes = record.ValueBytes <= request.MaxValueBytes ? record.ValueBytes : 0;
            bytes += record.Key.Length + valueBytes;
            if (items.Count > 0 && (items.Count == request.MaxItems || bytes > request.MaxBytes))
            {
                var next = new VersionId(revision.Main, revision.Sub);
                return new VersionPage { Revision = newest, Items = items, Next = next };
            }

            var value = valueBytes > 0 ? record.Value : [];
            items.Add(new HistoryItem(KeyVersions.Describe(record, value), record.IsTombstone));
        }

        return new VersionPage { Revision = newest, Items = items };
    }

    private void Fill(KeyPageFill page, RecordReader reader)
    {
        var scan = page.At == newest
            ? index.FromWeighty(new BytesProbe(page.Range.Low.Span))
            : index.From(new BytesProbe(page.Range.Low.Span));
        while (scan.MoveNext() && page.Range.IsBeforeEnd(scan.Key))
        {
            if (!TryAdd(page, scan.Item, reader))
            {
                page.Next = scan.Key;
                return;
            }
        }
    }

    private void FillBack(KeyPageFill page, RecordReader reader)
    {
        var request = page.Request;
        var end = request.RangeEnd.IsEmpty ? [.. request.Key.Span, 0] : request.RangeEnd.Span;
        var scan = KeyRange.IsToEnd(end) ? index.AllBack() : index.BackFrom(new BytesProbe(end));
        byte[]? last = null;
        while (scan.MoveNext() && scan.Key.AsSpan().SequenceCompareTo(page.Range.Low.Span) >= 0)
        {
            if (!TryAdd(page, scan.Item, reader))
            {
                page.Next = last;
                return;
            }

            last = scan.Key;
        }
    }

    /// <returns>False where the page ends before this key.</returns>
    private bool TryAdd(KeyPageFill page, KeyRecord record, RecordReader reader)
    {
        if (page.IsFull)
        {
            return false;
        }

        page.Looked++;
        if (!record.TryFindAt(page.At, out var revision))
        {
            return true;
        }

        var maxValueBytes = page.Request.MaxValueBytes;
        if (revision != record.Revision)
        {
            var stored = Find(reader, revision, page.At, maxValueBytes);
            return page.TryAdd(KeyVersions.Describe(stored, stored.ValueBytes <= maxValueBytes ? stored.Value : []));
        }

        // The newest version still: what is known of it is in memory, and often its value, too.
        var takesValue = record.ValueBytes <= maxValueBytes && page.HasRoomFor(record.Key.Length + record.ValueBytes);
        return page.TryAdd(KeyVersions.Describe(record, takesValue ? ValueOf(record, reader, fills: false) : []));
    }

    private long Count(KeyPageRequest request, long at)
    {
        var range = new RangeRequest { Key = request.Key, RangeEnd = request.RangeEnd, Revision = at, CountOnly = true };
        return Range(range, mayFill: false).Count;
    }

    /// <summary>What compaction has left of a key's versions, and its index may still know more.</summary>
    private IEnumerable<Revision> KeptVersions(VersionPageRequest request)
    {
        var floor = compactRevision;
        var from = request.From is { } id ? new Revision(id.Revision, id.Place) : new Revision(long.MaxValue, 0);
        if (index.Find(new BytesProbe(request.Key.Span)) is not { } record)
        {
            yield break;
        }

        for (var at = record.PastCount; at >= 0; at--)
        {
            var (revision, isTombstone) = at == record.PastCount
                ? (record.Revision, record.IsTombstone)
                : (new Revision(record.Past![at].Main, record.Past[at].Sub), record.Past[at].IsTombstone);
            if (revision.CompareTo(from) <= 0 && (revision.Main >= floor || !isTombstone))
            {
                yield return revision;
            }

            if (revision.Main < floor || (revision.Main == floor && !IsOfTheSame(record, at)))
            {
                // What was there at the compact revision; all before it is gone.
                yield break;
            }
        }
    }

    /// <summary>Whether the version before this one is of the same revision.</summary>
    private static bool IsOfTheSame(KeyRecord record, int at)
    {
        var main = at == record.PastCount ? record.Revision.Main : record.Past![at].Main;
        return at > 0 && record.Past![at - 1].Main == main;
    }
}
