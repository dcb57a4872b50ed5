namespace Raftd.Node.Replication;

/// <summary>Indexes after which the log must be kept, each held by its pin. Any thread.</summary>
/// <remarks>
/// Invariant: no pin below Floor - 1, where Floor is the first entry that has not been given up. Deciding what is given up
/// and pinning exclude each other, so a pin that was granted covers everything behind its index.
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
    /// <returns>Null where some of it is given up already.</returns>
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

    /// <summary>As TryAdd, and where some of it is given up already, keeps the rest.</summary>
    public LogPin AddWhatIsLeft(ulong index)
    {
        lock (_gate)
        {
            return Add(Math.Max(index, _floor - 1));
        }
    }

    /// <summary>Decides what is given up: the function gets the lowest pinned index (the largest number when nothing is
    /// pinned) and answers the first entry to be kept, 0 for all.</summary>
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

    /// <summary>The log begins here now, or must be allowed to: pins that want more are lost.</summary>
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

    /// <summary>The log has begun anew at this entry, whatever was pinned.</summary>
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

    /// <summary>It wanted more of the log than pins may keep: what is behind its index may be gone. Any thread.</summary>
    public bool IsLost
    {
        get => _isLost;
        internal set => _isLost = value;
    }

    /// <summary>Less is needed from now on; an index below the present one changes nothing.</summary>
    public void MoveTo(ulong needed) => owner.Move(this, needed);

    public void Dispose() => owner.Remove(this);
}
