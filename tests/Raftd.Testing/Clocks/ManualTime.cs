namespace Raftd.Testing.Clocks;

/// <summary>A clock that stands until it is moved; its wall clock can be set apart from its monotonic one.</summary>
public sealed class ManualTime : TimeProvider
{
    private long _ticks = 1;

    public DateTimeOffset WallClock { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How often it was looked at.</summary>
    public int Looks { get; private set; }

    public override long GetTimestamp()
    {
        Looks++;
        return Volatile.Read(ref _ticks);
    }

    public override DateTimeOffset GetUtcNow() => WallClock;

    public void Advance(TimeSpan time)
    {
        Volatile.Write(ref _ticks, _ticks + time.Ticks);
        WallClock += time;
    }

    public void Seconds(double seconds) => Advance(TimeSpan.FromSeconds(seconds));
}
