// Readers, and the barrier that a growing map needs.
//
// The naive way is to begin a read transaction for every lookup and to grow the map when it is full. The first costs a
// slot in the reader table each time; the second unmaps the file under every open reader and kills the process.
//
//   1. An ended reader is reset (its snapshot let go, its slot kept) and renewed for the next one. The object that the
//      caller gets is new each time, so a use after Dispose is an exception and never another reader's snapshot.
//   2. What must have no readers (growth, closing) drains: long readers see MustYield, new ones wait.
//   3. A thread that holds a reader and asks for a second one would now wait for itself. So a drain goes in rounds: for
//      RoundTime new readers wait, then they are let in again for a moment, until the patience is used up.
//
// Invariant: active >= 0, and nothing is handed out between a drain that succeeded and Resume.

using System.Diagnostics;

namespace Raftd.Store.Lmdb;

internal sealed class ReaderPool(LightningEnvironment environment, Action onClosed)
{
    private const int MaxIdle = 64;
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PauseTime = TimeSpan.FromMilliseconds(5);

#pragma warning disable MA0158 // the drain waits for a pulse, which System.Threading.Lock does not have
    private readonly object _gate = new(); // guards the fields below; the innermost lock, nothing is called under it
#pragma warning restore MA0158
    private readonly Stack<LightningTransaction> _idle = new();
    private int _active;
    private bool _holding;
    private bool _closed;
    private volatile bool _mustYield;

    public bool MustYield => _mustYield;

    public LightningTransaction Rent()
    {
        if (Enter() is not { } idle)
        {
            return BeginNew();
        }

        try
        {
            idle.Renew();
            return idle;
        }
        catch
        {
            idle.Dispose();
            Exit(null);
            throw;
        }
    }

    public void Return(LightningTransaction reader)
    {
        reader.Reset();
        Exit(reader);
    }

    /// <summary>True when no reader is open and new ones wait until Resume; false when the patience is used up.</summary>
    public bool TryDrain(TimeSpan patience)
    {
        var start = Stopwatch.GetTimestamp();
        _mustYield = true;
        while (true)
        {
            if (DrainOneRound())
            {
                return true;
            }

            if (Stopwatch.GetElapsedTime(start) >= patience)
            {
                _mustYield = false;
                return false;
            }

            Thread.Sleep(PauseTime);
        }
    }

    /// <summary>As TryDrain, without waiting: false while readers are open, who have been asked to end.</summary>
    public bool TryHold()
    {
        _mustYield = true;
        lock (_gate)
        {
            _holding = _active == 0;
            return _holding;
        }
    }

    public void Resume()
    {
        lock (_gate)
        {
            _mustYield = false;
            _holding = false;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>No new readers from now on; onClosed runs when the last open one has ended, perhaps at once.</summary>
    public void Close()
    {
        bool isLast;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            _mustYield = true;
            isLast = _active == 0;
            Monitor.PulseAll(_gate);
        }

        if (isLast)
        {
            Finish();
        }
    }

    private LightningTransaction? Enter()
    {
        lock (_gate)
        {
            while (_holding && !_closed)
            {
                Monitor.Wait(_gate);
            }

            ObjectDisposedException.ThrowIf(_closed, typeof(LmdbBucketStore));
            _active++;
            return _idle.TryPop(out var idle) ? idle : null;
        }
    }

    private LightningTransaction BeginNew()
    {
        try
        {
            return environment.BeginTransaction(readOnly: true);
        }
        catch
        {
            Exit(null);
            throw;
        }
    }

    private void Exit(LightningTransaction? reader)
    {
        bool isLast;
        lock (_gate)
        {
            _active--;
            Invariant.Check(_active >= 0, $"{_active} readers are open after one ended");
            if (reader is not null && !_closed && _idle.Count < MaxIdle)
            {
                _idle.Push(reader);
                reader = null;
            }

            isLast = _closed && _active == 0;
            if (_active == 0)
            {
                Monitor.PulseAll(_gate);
            }
        }

        reader?.Dispose();
        if (isLast)
        {
            Finish();
        }
    }

    private bool DrainOneRound()
    {
        var start = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _holding = true;
            while (_active > 0)
            {
                var left = RoundTime - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero)
                {
                    _holding = false;
                    Monitor.PulseAll(_gate);
                    return false;
                }

                Monitor.Wait(_gate, left);
            }

            return true;
        }
    }

    private void Finish()
    {
        while (_idle.TryPop(out var idle))
        {
            idle.Dispose();
        }

        onClosed();
    }
}
