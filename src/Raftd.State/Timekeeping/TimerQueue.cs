namespace Raftd.State.Timekeeping;

/// <summary>Timers by the moment at which they are to be looked at: a binary heap that knows where each of them stands.</summary>
/// <remarks>
/// So a timer is in it once, and is moved or taken out in O(log n). The framework's queue finds an item only by a walk through
/// all of it: it would need a sweep over everything that was renewed or revoked before its time, with the lock held for long.
/// Place 0 of the array is not used: the place 0 of a timer means that it is not in the queue.
/// </remarks>
internal sealed class TimerQueue(bool ofSilences)
{
    private (Timed Timer, long At)[] _heap = new (Timed, long)[16];

    public int Count { get; private set; }

    public bool TryPeek(out Timed timer, out long at)
    {
        (timer, at) = Count == 0 ? default : _heap[1];
        return Count != 0;
    }

    /// <summary>Puts a timer there, wherever it stood before.</summary>
    public void Set(Timed timer, long at)
    {
        var place = PlaceOf(timer);
        if (place == 0)
        {
            place = ++Count;
            if (place == _heap.Length)
            {
                Array.Resize(ref _heap, 2 * place);
            }
        }

        Settle(place, (timer, at));
    }

    /// <summary>As Set, but leaves it where it is if that is earlier.</summary>
    public void SetNotLater(Timed timer, long at)
    {
        var place = PlaceOf(timer);
        if (place == 0 || at < _heap[place].At)
        {
            Set(timer, at);
        }
    }

    public void Remove(Timed timer)
    {
        ref var place = ref PlaceOf(timer);
        if (place == 0)
        {
            return;
        }

        var last = _heap[Count];
        _heap[Count--] = default;
        if (last.Timer != timer)
        {
            Settle(place, last);
        }

        place = 0;
    }

    /// <summary>Finds the place of an item from a place that is free, upwards or downwards.</summary>
    private void Settle(int free, (Timed Timer, long At) item)
    {
        while (free > 1 && item.At < _heap[free / 2].At)
        {
            Put(free, _heap[free / 2]);
            free /= 2;
        }

        for (var child = 2 * free; child <= Count; child = 2 * free)
        {
            if (child < Count && _heap[child + 1].At < _heap[child].At)
            {
                child++;
            }

            if (item.At <= _heap[child].At)
            {
                break;
            }

            Put(free, _heap[child]);
            free = child;
        }

        Put(free, item);
    }

    private void Put(int place, (Timed Timer, long At) item)
    {
        _heap[place] = item;
        PlaceOf(item.Timer) = place;
    }

    private ref int PlaceOf(Timed timer) => ref ofSilences ? ref timer.SilencePlace : ref timer.DeadlinePlace;
}
