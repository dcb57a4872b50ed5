// Ranges over rows: what the embedded engine answers from its index, answered from the rows of a database.
//
// What is asked at the newest revision comes from the live keys, at an earlier one from the versions of the range, which come in the
// order of keys and revisions: the last one of a key that is not a deletion is what lived then. Either way rows come in pages, so
// that a range of a million keys never stands in memory; filters, orders and bounds are the code of the embedded engine. Of one key the
// last version is looked up by itself: it may have a million before it.

using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;
using Raftd.State.Views;

namespace Raftd.Sql.Reading;

/// <summary>Answers ranges from the rows of one moment.</summary>
internal readonly struct RowReader(IKeyRows rows)
{
    // Rows of one page. At 4 KiB a value, a page has 4 MiB.
    private const int PageRows = 1000;

    // Values that do not stand in the rows of their keys are read together, up to so many bytes or one.
    private const int ValuesTogetherBytes = 4 << 20;

    /// <exception cref="StoreException">Compacted, FutureRevision, BadRequest.</exception>
    public RangeResponse Range(RangeRequest request)
    {
        var at = AtOf(request.Revision);
        if ((request.IsSorted || request.HasFilters) && !request.CountOnly)
        {
            return Ranked(request, at);
        }

        var page = new RangePage(request);
        var taken = new List<KeyRow>();
        var isCut = page.IsFull;
        foreach (var row in isCut ? [] : RowsAt(page.Range, at, withValues: page.MaxValueBytes > 0))
        {
            // Only where something is left out has the range to be counted.
            isCut = page.IsFull || !page.HasRoomFor(row.Key, row.ValueBytes);
            if (isCut)
            {
                break;
            }

            taken.Add(row);
            page.Items.Add(KeyVersions.Describe(row, default));
        }

        FillValues(page.Items, taken, page.MaxValueBytes);
        var count = isCut ? Count(page.Range, at) : taken.Count;
        return new RangeResponse
        {
            Revision = rows.Revision,
            Items = page.Items,
            Count = count,
            More = !request.CountOnly && page.Items.Count < count,
        };
    }

    /// <summary>One step of a list.</summary>
    /// <exception cref="StoreException">As Range.</exception>
    public KeyPage Page(KeyPageRequest request)
    {
        var at = AtOf(request.Revision);
        var page = new KeyPageFill(request, at);
        var taken = new List<KeyRow>();
        foreach (var row in RowsAt(page.Range, at, request.MaxValueBytes > 0, request.IsDescending))
        {
            if (page.IsFull || !page.TryAdd(KeyVersions.Describe(row, default)))
            {
                page.Next = request.IsDescending ? taken[^1].Key : row.Key;
                break;
            }

            page.Looked++;
            taken.Add(row);
        }

        FillValues(page.Items, taken, request.MaxValueBytes);
        return new KeyPage
        {
            Revision = rows.Revision,
            ReadRevision = at,
            Items = page.Items,
            Count = request.Counts ? Count(page.Range, at) : 0,
            Next = page.Next,
        };
    }

    /// <summary>The keys as they were at a revision: a bounded step of them.</summary>
    public ImagePage Image(byte[] from, long at, long maxBytes)
    {
        ReadableRevisions.Require(at, rows.Revision, rows.CompactRevision);
        var taken = new List<RevisionRecord>();
        var bytes = 0L;
        byte[]? next = null;
        foreach (var record in VersionsThen(new KeyRange(from, new byte[1]), at))
        {
            if (bytes > maxBytes)
            {
                next = record.Key;
                break;
            }

            bytes += record.LogicalBytes;
            taken.Add(record);
        }

        var values = rows.ValuesOf([.. taken.Select(static record => record.Revision)]);
        return new ImagePage([.. taken.Select((record, place) => record with { Value = values[place] ?? throw Missing(record.Revision) })], next);
    }

    /// <summary>A live key with its value.</summary>
    public KeyRow? Find(ReadOnlyMemory<byte> key) => rows.Find(key) is { } row ? row with { Value = ValueOf(row) } : null;

    public byte[] ValueOf(KeyRow row) => row.Value ?? rows.ValuesOf([row.Revision])[0] ?? throw Missing(row.Revision);

    private long AtOf(long revision)
    {
        var at = revision == 0 ? rows.Revision : revision;
        ReadableRevisions.Require(at, rows.Revision, rows.CompactRevision);
        return at;
    }

    private RangeResponse Ranked(RangeRequest request, long at)
    {
        var ranking = new RangeRanking<KeyRow>(request);
        var range = new KeyRange(request.Key, request.RangeEnd);
        foreach (var row in RowsAt(range, at, withValues: !request.KeysOnly))
        {
            if (ranking.IsDecided)
            {
                break;
            }

            if (ranking.Passes(row.CreateRevision, row.Revision.Main))
            {
                ranking.Offer(KeyVersions.Describe(row, ranking.RanksValues ? ValueOf(row) : []), row);
            }
        }

        var kept = ranking.Take();
        var items = kept.Select(static item => item.Item with { Value = default }).ToList();
        FillValues(items, [.. kept.Select(static item => item.Source)], request.KeysOnly ? 0 : request.MaxValueBytes);
        return new RangeResponse
        {
            Revision = rows.Revision,
            Items = items,
            Count = Count(range, at),
            More = ranking.More,
        };
    }

    private IEnumerable<KeyRow> RowsAt(KeyRange range, long at, bool withValues, bool isDescending = false) =>
        at == rows.Revision ? LiveNow(range, withValues, isDescending)
        : isDescending ? LivedThen(range, at).Reverse()
        : LivedThen(range, at);

    private IEnumerable<KeyRow> LiveNow(KeyRange range, bool withValues, bool isDescending)
    {
        if (range.IsOneKey)
        {
            if (rows.Find(range.Low) is { } one)
            {
                yield return one;
            }

            yield break;
        }

        var from = isDescending ? default : range.Low;
        while (true)
        {
            var page = rows.LiveIn(range, from, isDescending, PageRows, withValues);
            foreach (var row in page)
            {
                yield return row;
            }

            if (page.Count < PageRows)
            {
                yield break;
            }

            from = isDescending ? page[^1].Key : KeyRange.Behind(page[^1].Key);
        }
    }

    private IEnumerable<KeyRow> LivedThen(KeyRange range, long at) =>
        (range.IsOneKey ? VersionThen(range.Low, at) : VersionsThen(range, at)).Select(static record => KeyRow.Of(record) with { Value = null });

    private IEnumerable<RevisionRecord> VersionThen(ReadOnlyMemory<byte> key, long at) =>
        rows.VersionsOf(key, new Revision(at, long.MaxValue), 1).Where(static version => !version.IsTombstone);

    private IEnumerable<RevisionRecord> VersionsThen(KeyRange range, long at)
    {
        RevisionRecord? last = null;
        foreach (var version in VersionsIn(range, at))
        {
            if (last is { IsTombstone: false } && !last.Key.AsSpan().SequenceEqual(version.Key))
            {
                yield return last;
            }

            last = version;
        }

        if (last is { IsTombstone: false })
        {
            yield return last;
        }
    }

    private IEnumerable<RevisionRecord> VersionsIn(KeyRange range, long at)
    {
        var (key, behind) = (range.Low, default(Revision));
        while (true)
        {
            var page = rows.VersionsIn(range, key, behind, at, PageRows);
            foreach (var version in page)
            {
                yield return version;
            }

            if (page.Count < PageRows)
            {
                yield break;
            }

            (key, behind) = (page[^1].Key, page[^1].Revision);
        }
    }

    private long Count(KeyRange range, long at)
    {
        if (at != rows.Revision)
        {
            return LivedThen(range, at).LongCount();
        }

        return !range.IsOneKey ? rows.CountLive(range)
            : rows.Find(range.Low) is null ? 0
            : 1;
    }

    /// <summary>Gives the items their values, as far as the answer takes them.</summary>
    private void FillValues(List<KeyValue> items, List<KeyRow> taken, int maxValueBytes)
    {
        var missing = new List<int>();
        var bytes = 0L;
        for (var at = 0; at < taken.Count; at++)
        {
            if (taken[at].ValueBytes == 0 || taken[at].ValueBytes > maxValueBytes)
            {
                continue;
            }

            if (taken[at].Value is { } value)
            {
                items[at] = items[at] with { Value = value };
                continue;
            }

            missing.Add(at);
            bytes += taken[at].ValueBytes;
            if (bytes > ValuesTogetherBytes)
            {
                ReadValues(items, taken, missing);
                (missing, bytes) = ([], 0);
            }
        }

        ReadValues(items, taken, missing);
    }

    private void ReadValues(List<KeyValue> items, List<KeyRow> taken, List<int> places)
    {
        if (places.Count == 0)
        {
            return;
        }

        var values = rows.ValuesOf([.. places.Select(place => taken[place].Revision)]);
        for (var at = 0; at < places.Count; at++)
        {
            var place = places[at];
            items[place] = items[place] with { Value = values[at] ?? throw Missing(taken[place].Revision) };
        }
    }

    private static InvariantViolationException Missing(Revision revision) =>
        new($"revision {revision} belongs to a key of this moment and has no value");
}
