// Streams between members, and clients, live on the runtime's thread pool. When all its threads are blocked, the runtime adds
// one about every half second: heartbeats that a thread of ours made in time wait behind it, and the member loses its peers
// and its leadership while it is in perfect health (failure 87 of docs/failures.md).
//
// So a thread of our own puts a probe into the pool, at the back of the queue, and looks whether it has run:
//
//   1. The probe runs within a look: all is well, and the next one is posted.
//   2. It has not run by the next look: the minimum of threads goes up, by FirstStep, then by twice as many each time, up to
//      MaxExtra in all. The runtime starts threads below the minimum at once. Blocked work that lies before the probe takes a
//      thread for itself, so the steps double: 500 blocked items are behind us after five looks.
//   3. Once probes have run for RestTime, half of what was added goes again, and so on down to where it began.
//
// A look is half a heartbeat, so an answer to starvation takes a fraction of an election timeout.

using Microsoft.Extensions.Logging;

namespace Raftd.Node.Loops;

/// <summary>Gives the thread pool threads when all of them are blocked. One for a process is enough, more do no harm.</summary>
internal sealed class PoolGuard(IWorkerPool pool, TimeProvider time, ILogger logger) : ILoop
{
    /// <summary>Threads on top of what the pool began with. Each costs its stack, of which little is touched.</summary>
    public const int MaxExtra = 1024;

    public const int FirstStep = 32;

    private static readonly TimeSpan RestTime = TimeSpan.FromSeconds(10);

    private readonly int _ownMinThreads = pool.MinThreads;
    private Probe? _probe;
    private int _extra;
    private bool _isStarved;
    private long _starvedAt;
    private long _changedAt;

    /// <summary>Everything here goes by the clock.</summary>
    public bool Step() => false;

    public void Tick()
    {
        if (_probe is { HasRun: false })
        {
            NoteStarved();
            Raise();
            return;
        }

        NoteWell();
        _probe = new Probe();
        pool.Post(_probe.Run);
    }

    private void NoteStarved()
    {
        if (!_isStarved)
        {
            _isStarved = true;
            _starvedAt = time.GetTimestamp();
        }
    }

    private void Raise()
    {
        if (_extra == MaxExtra)
        {
            return;
        }

        _extra = Math.Min(MaxExtra, Math.Max(FirstStep, 2 * _extra));
        Apply();
        if (_extra == MaxExtra)
        {
            NodeLog.PoolExhausted(logger, pool.Threads, pool.MinThreads);
        }
    }

    private void NoteWell()
    {
        if (_isStarved)
        {
            _isStarved = false;
            NodeLog.PoolStarved(logger, time.GetElapsedTime(_starvedAt), pool.Threads, _ownMinThreads + _extra);
        }

        if (_extra > 0 && time.GetElapsedTime(_changedAt) >= RestTime)
        {
            _extra = _extra > FirstStep ? _extra / 2 : 0;
            Apply();
        }
    }

    private void Apply()
    {
        _changedAt = time.GetTimestamp();
        pool.MinThreads = _ownMinThreads + _extra;
    }

    /// <summary>Posted on the guard's thread, run on one of the pool's.</summary>
    private sealed class Probe
    {
        private volatile bool _hasRun;

        public bool HasRun => _hasRun;

        public void Run() => _hasRun = true;
    }
}
