namespace Raftd.Node.Replication;

/// <summary>Indexes after which the log must be kept, each held by somebody until disposed. Any thread.</summary>
internal sealed class LogPins
{
    // Guards _pinned.
    private readonly Lock _gate = new();
    private readonly List<ulong> _pinned = [];

    /// <summary>The smallest pinned index; the largest number there is when nothing is pinned.</summary>
    public ulong Lowest
    {
        get
        {
            lock (_gate)
            {
                return _pinned.Count == 0 ? ulong.MaxValue : _pinned.Min();
            }
        }
    }

    public IDisposable Add(ulong index)
    {
        lock (_gate)
        {
            _pinned.Add(index);
        }

        return new Pin(this, index);
    }

    private void Remove(ulong index)
    {
        lock (_gate)
        {
            _pinned.Remove(index);
        }
    }

    private sealed class Pin(LogPins owner, ulong index) : IDisposable
    {
        private LogPins? _owner = owner;

        public void Dispose() => Interlocked.Exchange(ref _owner, null)?.Remove(index);
    }
}
