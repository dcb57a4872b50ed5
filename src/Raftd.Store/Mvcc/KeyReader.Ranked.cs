using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Trees;

namespace Raftd.Store.Mvcc;

// Ranges in another order than that of keys, or with filters: looked through whole, and only what is answered is kept.
internal readonly partial struct KeyReader
{
    /// <summary>The range in another order than that of keys, or with filters. Its values are read last, of its items alone,
    /// unless the order is theirs.</summary>
    private RangeResponse RangeRanked(RangeRequest request, long at)
    {
        var ranking = new RangeRanking<(KeyRecord? Newest, Revision Revision)>(request);
        using var reader = new RecordReader(epoch);
        var count = at == newest ? OfferNow(request, ranking, reader) : OfferAt(request, ranking, reader, at);
        var items = new List<KeyValue>();
        foreach (var (item, source) in ranking.Take())
        {
            var value = !ranking.TakesValueOf(item) ? default
                : ranking.RanksValues ? item.Value
                : source.Newest is { } record ? ValueOf(record, reader, fills: false)
                : Find(reader, source.Revision, at, int.MaxValue).Value;
            items.Add(item with { Value = value });
        }

        return new RangeResponse { Revision = newest, Items = items, Count = count, More = ranking.More };
    }

    private long OfferNow(
        RangeRequest request, RangeRanking<(KeyRecord? Newest, Revision Revision)> ranking, RecordReader reader)
    {
        var range = new KeyRange(request.Key, request.RangeEnd);
        var scan = index.FromWeighty(new BytesProbe(range.Low.Span));
        while (!ranking.IsDecided && scan.MoveNext() && range.IsBeforeEnd(scan.Key))
        {
            var record = scan.Item;
            if (ranking.Passes(record.CreateRevision, record.Revision.Main))
            {
                var value = ranking.RanksValues ? ValueOf(record, reader, fills: false) : [];
                ranking.Offer(KeyVersions.Describe(record, value), (record, record.Revision));
            }
        }

        return KeyRecord.CountLive(index, request.Key.Span, request.RangeEnd.Span);
    }

    private long OfferAt(
        RangeRequest request, RangeRanking<(KeyRecord? Newest, Revision Revision)> ranking, RecordReader reader, long at)
    {
        var count = 0L;
        var range = new KeyRange(request.Key, request.RangeEnd);
        var scan = index.From(new BytesProbe(range.Low.Span));
        while (scan.MoveNext() && range.IsBeforeEnd(scan.Key))
        {
            if (!scan.Item.TryFindAt(at, out var revision))
            {
                continue;
            }

            count++;
            if (ranking.IsDecided)
            {
                continue;
            }

            var stored = Find(reader, revision, at, ranking.RanksValues ? int.MaxValue : 0);
            if (ranking.Passes(stored.CreateRevision, stored.Revision.Main))
            {
                ranking.Offer(KeyVersions.Describe(stored, ranking.RanksValues ? stored.Value : []), (null, revision));
            }
        }

        return count;
    }
}
