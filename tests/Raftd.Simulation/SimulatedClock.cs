namespace Raftd.Simulation;

/// <summary>One start of a member's monotonic clock: the scheduler's time at a rate of its own, from anywhere.</summary>
/// <remarks>The wall clock stands still: no part of a member reads it.</remarks>
internal sealed class SimulatedClock(Scheduler scheduler, double rate, long start) : TimeProvider
{
    private long _stoodFor;
    private long _standsUntil;

    // The clock showed _shown when it had run for _since of the scheduler's time, and has run at this rate since then.
    private long _shown = start;
    private long _since;
    private double _rate = rate;

    /// <summary>Local time that passes in one unit of the scheduler's.</summary>
    public double Rate
    {
        get => _rate;
        set
        {
            _shown = GetTimestamp();
            _since = Ran;
            _rate = value;
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    private long Ran => Math.Max(scheduler.Now, _standsUntil) - _stoodFor;

    public override long GetTimestamp() => _shown + (long)((Ran - _since) * _rate * TimeSpan.TicksPerMicrosecond);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new SimulatedTimer(this, scheduler, () => callback(state), dueTime, period);

    /// <summary>It does not move until then, as that of a virtual machine which is stopped whole.</summary>
    public void StandUntil(long time)
    {
        var from = Math.Max(scheduler.Now, _standsUntil);
        if (time > from)
        {
            _stoodFor += time - from;
            _standsUntil = time;
        }
    }

    /// <summary>How much of the scheduler's time this much local time takes, in microseconds.</summary>
    public long ToGlobal(TimeSpan local) => (long)(local.TotalMicroseconds / _rate);
}
