namespace Raftd.Simulation;

/// <summary>One start of a member's monotonic clock: the scheduler's time at a rate of its own, from anywhere.</summary>
/// <remarks>The wall clock stands still: no part of a member reads it.</remarks>
internal sealed class SimulatedClock(Scheduler scheduler, double rate, long offset) : TimeProvider
{
    /// <summary>Local time that passes in one unit of the scheduler's.</summary>
    public double Rate => rate;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => offset + (long)(scheduler.Now * rate * TimeSpan.TicksPerMicrosecond);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;

    /// <summary>How much of the scheduler's time this much local time takes, in microseconds.</summary>
    public long ToGlobal(TimeSpan local) => (long)(local.TotalMicroseconds / rate);
}
