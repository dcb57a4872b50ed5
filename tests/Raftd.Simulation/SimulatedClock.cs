namespace Raftd.Simulation;

/// <summary>One start of a member's monotonic clock: the scheduler's time at a rate of its own, from anywhere.</summary>
/// <remarks>The wall clock stands still: no part of a member reads it.</remarks>
internal sealed class SimulatedClock(Scheduler scheduler, double rate, long offset) : TimeProvider
{
    private long _stoodFor;
    private long _standsUntil;

    /// <summary>Local time that passes in one unit of the scheduler's.</summary>
    public double Rate => rate;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        var ran = Math.Max(scheduler.Now, _standsUntil) - _stoodFor;
        return offset + (long)(ran * rate * TimeSpan.TicksPerMicrosecond);
    }

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;

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
    public long ToGlobal(TimeSpan local) => (long)(local.TotalMicroseconds / rate);
}
