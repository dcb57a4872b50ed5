// Streams between members and requests of clients run on the runtime's thread pool. When all its threads are blocked, the
// runtime adds one about every half second. Heartbeats that a thread of ours made in time wait behind the blocked work, and
// a healthy member loses its peers and its leadership (failure 87 of docs/failures.md).
//
// So a thread of our own posts a probe to the pool, at the back of the queue, and checks at each tick whether it has run:
//
//   1. The probe has run by the next tick: all is well, and the next probe is posted.
//   2. It has not run: the minimum of threads rises to FirstStep above the pool's own, and doubles with each further tick, up
//      to MaxExtra. The runtime starts threads below the minimum at once. Each blocked item before the probe takes a thread
//      for itself, so the steps double: after five ticks there are threads for 500 of them.
//   3. Once probes have run for RestTime, half of the added threads go, and so on down to the pool's own minimum.
//
// A tick is half a heartbeat, so the answer to starvation takes a fraction of an election timeout.

using Microsoft.Extensions.Logging;
using Raftd.State.Loops;

namespace Raftd.Node.Loops;

/// <summary>Gives the thread pool threads when all of them are blocked. One guard in a process is enough; more do no
/// harm.</summary>
internal sealed class PoolGuard(IWorkerPool pool, TimeProvider time, ILogger logger) : ILoop
{
    /// <summary>Most threads above the pool's own minimum. Each costs its stack, most of which is never touched.</summary>
    public const int MaxExtra = 1024;

    public const int FirstStep = 32;

    private static readonly TimeSpan RestTime = TimeSpan.FromSeconds(10);

    private readonly int _ownMinThreads = pool.MinThreads;
    private Probe? _probe;
    private int _extra;
    private bool _isStarved;
    private long _starvedAt;
    private long _changedAt;

    /// <summary>All work is done at ticks.</summary>
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
