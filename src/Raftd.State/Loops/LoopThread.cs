namespace Raftd.State.Loops;

/// <summary>The thin shell: one thread that steps one loop, and sleeps while there is nothing to do.</summary>
/// <remarks>
/// Threads of our own and not the pool's: a starved pool or a blocked request must not delay a heartbeat or an fsync. A
/// late thread ticks once, and not once for each interval that it slept through: the time in which this process did not run
/// says nothing about its peers, and catching up would start needless elections after a pause.
///
/// The race between posting and sleeping: an item may arrive after the step has found nothing and before the thread waits.
/// _woken is cleared before the step, so a Wake from that moment on sets the event, and the wait returns at once.
/// </remarks>
internal sealed class LoopThread : IDisposable
{
    private readonly ILoop _loop;
    private readonly TimeSpan _tickInterval;
    private readonly TimeProvider _time;
    private readonly Action<Exception> _failed;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly Thread _thread;
    private int _woken;
    private volatile bool _stopping;

    /// <param name="name">The thread's name, for tools that list threads.</param>
    /// <param name="loop">The loop to step.</param>
    /// <param name="tickInterval">Time between two ticks.</param>
    /// <param name="time">Monotonic time; only its timestamps are used.</param>
    /// <param name="failed">Called with the exception that ended the loop; stops the process.</param>
    public LoopThread(string name, ILoop loop, TimeSpan tickInterval, TimeProvider time, Action<Exception> failed)
    {
        _loop = loop;
        _tickInterval = tickInterval;
        _time = time;
        _failed = failed;
        _thread = new Thread(Run) { Name = name, IsBackground = true };
    }

    public void Start() => _thread.Start();

    /// <summary>Makes the loop step soon. Cheap when it is awake already.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _woken, 1) == 0)
        {
            _wake.Set();
        }
    }

    /// <summary>Ends the thread after its current step and waits for it.</summary>
    public void Stop() => Stop(Timeout.InfiniteTimeSpan);

    /// <summary>Ends the thread after its current step, and waits this long for it: the step may use a disk that hangs.</summary>
    /// <returns>False where it has not ended.</returns>
    public bool Stop(TimeSpan patience)
    {
        _stopping = true;
        _wake.Set();
        return !_thread.IsAlive || _thread == Thread.CurrentThread || _thread.Join(patience);
    }

    /// <remarks>The event is not disposed: while a member stops, a loop that still runs or a peer's late request may wake one
    /// that has ended. A disposed event would throw there and end the process as if an invariant were broken.</remarks>
    public void Dispose() => Stop();

    private TimeSpan Wait(TimeSpan untilTick)
    {
        if (_loop.NextDeadline is not { } deadline)
        {
            return untilTick;
        }

        var untilDeadline = _time.GetElapsedTime(_time.GetTimestamp(), deadline);
        return untilDeadline < untilTick ? untilDeadline : untilTick;
    }

    private void Run()
    {
        try
        {
            var lastTick = _time.GetTimestamp();
            while (!_stopping)
            {
                var untilTick = _tickInterval - _time.GetElapsedTime(lastTick);
                if (untilTick <= TimeSpan.Zero)
                {
                    lastTick = _time.GetTimestamp();
                    _loop.Tick();
                }

                Interlocked.Exchange(ref _woken, 0);
                if (!_loop.Step() && Wait(untilTick) is var wait && wait > TimeSpan.Zero)
                {
                    // Whole milliseconds, rounded up: a wait of less than one returns at once, and loops that spin
                    // through the end of each interval cost a member at rest 4 % of a core.
                    _wake.WaitOne((int)Math.Ceiling(wait.TotalMilliseconds));
                }
            }
        }
        catch (Exception failure)
        {
            // No code below catches the impossible, and no code may go on after it: any exception of a step stops the process.
            _failed(failure);
        }
    }
}
