namespace Raftd.State.Loops;

/// <summary>The bounded queue in front of one loop: many threads post, one loop takes all there is at once.</summary>
/// <remarks>
/// Taking everything in one swap makes batches: items that arrive while the loop works gather here, and cost the loop one
/// lock for all of them. TryPost tells the poster that the mailbox is full, and the poster turns that into back-pressure or
/// an error. Post is for feedback from our own loops, whose number another bound limits already.
///
/// Invariant: while a poster has called for the items here (_isCalled), no other calls. Take clears it together with the
/// swap: an item is either in the batch taken or its poster calls, so only a quiet item waits for a sleeping loop. The loop steps
/// soon in any case while it lets items be quiet (Gathers), and once more when it does so no longer.
/// </remarks>
internal sealed class Mailbox<T>(int capacity)
{
    // Guards _items. Nothing is called while it is held.
    private readonly Lock _gate = new();
    private List<T> _items = [];

    // A poster has called Wake, or is about to, for the items in _items.
    private bool _isCalled;
    private bool _gathers;

    /// <summary>Called after a post, unless an earlier post has called and its items are not taken yet. Set once, before the first
    /// post.</summary>
    public Action Wake { get; set; } = static () => { };

    /// <summary>Items that may wait are queued without calling Wake.</summary>
    public bool Gathers
    {
        set
        {
            lock (_gate)
            {
                _gathers = value;
            }
        }
    }

    /// <param name="item">Is queued.</param>
    /// <param name="mayWait">Until the loop steps for another reason, while it gathers.</param>
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

            first = !_isCalled && !(mayWait && _gathers);
            _isCalled |= first;
            _items.Add(item);
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
