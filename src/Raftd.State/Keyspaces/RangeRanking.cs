// The items of a range that has filters or another order than that of its keys.
//
// Candidates are offered as they are found, without their values unless the order is that of values. Only as many are kept as
// the answer may hold: what ranks behind an item that had to go can never come back, so the memory is that of the answer, and
// values are read of what is answered alone.

using Raftd.Contract;

namespace Raftd.State.Keyspaces;

/// <summary>Keeps the first items of a range in the order asked for.</summary>
/// <typeparam name="TSource">Where the value of an item is to be found.</typeparam>
public sealed class RangeRanking<TSource>
{
    private readonly RangeRequest _request;
    private readonly Comparer<KeyValue> _order;

    /// <summary>The last in order on top.</summary>
    private readonly PriorityQueue<TSource, KeyValue> _kept;
    private long _bytes;
    private KeyValue? _firstLost;

    public RangeRanking(RangeRequest request)
    {
        _request = request;
        _order = Comparer<KeyValue>.Create(Compare);
        _kept = new PriorityQueue<TSource, KeyValue>(Comparer<KeyValue>.Create((a, b) => Compare(b, a)));
    }

    /// <summary>Offered items must have their values.</summary>
    public bool RanksValues => _request.SortTarget == SortTarget.Value;

    /// <summary>A limit has left items out.</summary>
    public bool More => _firstLost is not null;

    /// <summary>Nothing that is offered in key order from here on can be among the items.</summary>
    public bool IsDecided => More && !_request.IsSorted;

    public bool Passes(long createRevision, long modRevision) =>
        IsWithin(modRevision, _request.MinModRevision, _request.MaxModRevision)
        && IsWithin(createRevision, _request.MinCreateRevision, _request.MaxCreateRevision);

    /// <summary>Whether the item is to have its value in the answer.</summary>
    public bool TakesValueOf(KeyValue item) => !_request.KeysOnly && item.ValueBytes <= _request.MaxValueBytes;

    public void Offer(KeyValue item, TSource source)
    {
        if (_firstLost is not null && _order.Compare(item, _firstLost) > 0)
        {
            return;
        }

        _kept.Enqueue(source, item);
        _bytes += BytesOf(item);
        while (IsOverLimit() && _kept.TryDequeue(out _, out var lost))
        {
            _bytes -= BytesOf(lost);
            _firstLost = lost;
        }
    }

    /// <summary>What was kept, in order. Ends the ranking.</summary>
    public IReadOnlyList<(KeyValue Item, TSource Source)> Take()
    {
        var items = new (KeyValue, TSource)[_kept.Count];
        for (var at = items.Length - 1; _kept.TryDequeue(out var source, out var item); at--)
        {
            items[at] = (item, source);
        }

        return items;
    }

    private static bool IsWithin(long revision, long least, long most) =>
        (least == 0 || revision >= least) && (most == 0 || revision <= most);

    private bool IsOverLimit() =>
        (_request.Limit > 0 && _kept.Count > _request.Limit)
        || (_request.MaxBytes > 0 && _kept.Count > 1 && _bytes > _request.MaxBytes);

    private long BytesOf(KeyValue item) => item.Key.Length + (TakesValueOf(item) ? item.ValueBytes : 0);

    private int Compare(KeyValue a, KeyValue b)
    {
        var order = _request.SortTarget switch
        {
            SortTarget.Version => a.Version.CompareTo(b.Version),
            SortTarget.CreateRevision => a.CreateRevision.CompareTo(b.CreateRevision),
            SortTarget.ModRevision => a.ModRevision.CompareTo(b.ModRevision),
            SortTarget.Value => a.Value.Span.SequenceCompareTo(b.Value.Span),
            _ => a.Key.Span.SequenceCompareTo(b.Key.Span),
        };
        return order == 0 ? a.Key.Span.SequenceCompareTo(b.Key.Span)
            : _request.SortOrder == SortOrder.Descending ? -order
            : order;
    }
}
