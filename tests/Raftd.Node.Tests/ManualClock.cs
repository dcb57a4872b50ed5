namespace Raftd.Node.Tests;

/// <summary>A monotonic clock that stands until it is moved.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long _ticks = 1;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public void Advance(TimeSpan time) => Volatile.Write(ref _ticks, _ticks + time.Ticks);
}
