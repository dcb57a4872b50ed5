using Raftd.Node.Replication;

namespace Raftd.Node.Tests;

public sealed class LogPinsTests
{
    [Fact]
    public void Lowest_FollowsWhatIsPinned()
    {
        var pins = new LogPins();
        Assert.Equal(ulong.MaxValue, pins.Lowest);
        var high = pins.Add(20);
        var low = pins.Add(10);
        var again = pins.Add(10);

        Assert.Equal(10UL, pins.Lowest);
        low.Dispose();
        low.Dispose();
        Assert.Equal(10UL, pins.Lowest);
        again.Dispose();
        Assert.Equal(20UL, pins.Lowest);
        high.Dispose();
        Assert.Equal(ulong.MaxValue, pins.Lowest);
    }
}
