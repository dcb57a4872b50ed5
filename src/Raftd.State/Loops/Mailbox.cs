namespace Raftd.State.Loops;

/// <summary>The bounded queue in front of one loop: many threads post, one loop takes all there is at once.</summary>
/// <remarks>
/// Taking everything in one swap makes batches: items that arrive while the loop works gather here, and cost the loop one
/// lock for all of them. TryPost tells the poster that the mailbox is full, and the poster turns that into back-pressure or
/// an error. Post is for feedback from our own loops, whose number another bound limits already.
///
/// Invariant: while a poster has called for the items here (_isCalled), no other calls. Take clears it together with the
/// swap: an item is either in the batch taken or its poster calls, so only a quiet item waits for a sleeping loop. The loop steps
/// soon in any case while it lets items be quiet (Gather), and once more when those are there that it is to be called for.
/// </remarks>
internal sealed class Mailbox<T>(int capacity)
{
    // Guards _items. Nothing is called while it is held.
    private readonly Lock _gate = new();
    private List<T> _items = [];

    // A poster has called Wake, or is about to, for the items in _items.
    private bool _isCalled;

    // Items that may wait call nobody before there are so many.
    private int _enough;

    /// <summary>Called after a post, unless an earlier post has called and its items are not taken yet. Set once, before the first
    /// post.</summary>
    public Action Wake { get; set; } = static () => { };

    /// <summary>From here on items that may wait are queued without calling Wake until enough are.</summary>
    /// <param name="enough">Counts items of any kind, so that Wake may be called early; 0: each item calls.</param>
    /// <returns>True when enough are queued already.</returns>
    public bool Gather(int enough)
    {
        lock (_gate)
        {
            _enough = enough;
            return _items.Count > 0 && _items.Count >= enough;
        }
    }

    /// <param name="item">Is queued.</param>
    /// <param name="mayWait">While the loop gathers, until it steps for another reason or has enough.</param>
    /// <returns>False, and nothing is queued, when the mailbox holds its capacity.</returns>
    public bool TryPost(T item, bool mayWait = false)
    {
        bool first;
        lock (_gate)
        {
            if (_items.Count >= capacity)
            {
                return false;
            }

            _items.Add(item);
            first = !_isCalled && !(mayWait && _items.Count < _enough);
            _isCalled |= first;
        }

        if (first)
        {
            Wake();
        }

        return true;
    }

    /// <summary>Queues the item even if the mailbox is full.</summary>
    public void Post(T item)
    {
        bool first;
        lock (_gate)
        {
            first = !_isCalled;
            _isCalled = true;
            _items.Add(item);
        }

        if (first)
        {
            Wake();
        }
    }

    /// <summary>Queues without calling Wake: the item is taken with the next one that calls, or when the loop steps anyway.</summary>
    public void PostQuietly(T item)
    {
        lock (_gate)
        {
            _items.Add(item);
        }
    }

    /// <summary>Swaps what has arrived into <paramref name="batch"/>, which the caller has emptied.</summary>
    /// <returns>False when nothing had arrived.</returns>
    public bool Take(ref List<T> batch)
    {
        Invariant.Check(batch.Count == 0, $"a batch of {batch.Count} items was not handled before the next was taken");
        lock (_gate)
        {
            (batch, _items) = (_items, batch);
            _isCalled = false;
        }

        return batch.Count > 0;
    }
}
