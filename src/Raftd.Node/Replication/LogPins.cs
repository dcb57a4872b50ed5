namespace Raftd.Node.Replication;

/// <summary>Indexes after which the log must be kept, each held by its pin. Any thread.</summary>
/// <remarks>
/// The naive way asks "is the log still there?", and then pins. Between the two the log's thread deletes it. Here the floor
/// (the first entry that has not been given up) and the pins are changed under one lock: giving up raises the floor before
/// anything is deleted, and a pin is granted only at or above it. So a pin that was granted covers everything behind its
/// index until it is lost.
///
/// Invariant: no pin is below floor - 1. The floor never falls.
/// </remarks>
internal sealed class LogPins(ulong firstIndex)
{
    // Guards all below, and the index of each pin.
    private readonly Lock _gate = new();
    private readonly List<LogPin> _pins = [];
    private ulong _floor = firstIndex;

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _pins.Count == 0;
            }
        }
    }

    /// <summary>Keeps everything after the index.</summary>
    /// <returns>Null when some of it is given up already.</returns>
    public LogPin? TryAdd(ulong index)
    {
        lock (_gate)
        {
            return index + 1 < _floor ? null : Add(index);
        }
    }

    /// <summary>Nothing after the index is given up.</summary>
    public bool Covers(ulong index)
    {
        lock (_gate)
        {
            return index + 1 >= _floor;
        }
    }

    /// <summary>As TryAdd; when some of it is given up already, keeps the rest.</summary>
    public LogPin AddWhatIsLeft(ulong index)
    {
        lock (_gate)
        {
            return Add(Math.Max(index, _floor - 1));
        }
    }

    /// <summary>Decides what is given up: the function gets the lowest pinned index (the largest number when nothing is
    /// pinned) and returns the first entry to keep, 0 for all. It runs under the lock.</summary>
    public ulong GiveUp(Func<ulong, ulong> decide)
    {
        lock (_gate)
        {
            var lowest = ulong.MaxValue;
            foreach (var pin in _pins)
            {
                lowest = Math.Min(lowest, pin.Index);
            }

            var first = decide(lowest);
            _floor = Math.Max(_floor, first);
            return first;
        }
    }

    /// <summary>The log begins here now, or may have to: pins that need more are lost.</summary>
    public void LoseBelow(ulong firstIndex)
    {
        lock (_gate)
        {
            foreach (var pin in _pins)
            {
                pin.IsLost |= pin.Index + 1 < firstIndex;
            }

            _pins.RemoveAll(static pin => pin.IsLost);
        }
    }

    /// <summary>The log has started again at this entry after a snapshot; pins that need more are lost.</summary>
    public void Restart(ulong firstIndex)
    {
        LoseBelow(firstIndex);
        GiveUp(_ => firstIndex);
    }

    internal void Move(LogPin pin, ulong index)
    {
        lock (_gate)
        {
            pin.Index = Math.Max(pin.Index, index);
        }
    }

    internal void Remove(LogPin pin)
    {
        lock (_gate)
        {
            _pins.Remove(pin);
        }
    }

    /// <summary>Under the lock.</summary>
    private LogPin Add(ulong index)
    {
        var pin = new LogPin(this, index);
        _pins.Add(pin);
        return pin;
    }
}

/// <summary>Keeps the log behind an index, until it is disposed or lost. It has one owner at a time.</summary>
internal sealed class LogPin(LogPins owner, ulong index) : IDisposable
{
    private volatile bool _isLost;

    /// <summary>Everything after it is kept.</summary>
    public ulong Index { get; internal set; } = index;

    /// <summary>The pin needed more of the log than pins may keep: what is behind its index may be gone. Any thread.</summary>
    public bool IsLost
    {
        get => _isLost;
        internal set => _isLost = value;
    }

    /// <summary>Less is needed from now on; an index below the current one changes nothing.</summary>
    public void MoveTo(ulong needed) => owner.Move(this, needed);

    public void Dispose() => owner.Remove(this);
}
