using Raftd.Node.Replication;

namespace Raftd.Node.Tests;

public sealed class LogPinsTests
{
    private readonly LogPins _pins = new(firstIndex: 5);

    [Fact]
    public void GiveUp_SeveralPins_ReturnsTheLowest()
    {
        Assert.Equal(ulong.MaxValue, Lowest());
        var high = _pins.TryAdd(20)!;
        var low = _pins.TryAdd(10)!;
        var again = _pins.TryAdd(10)!;

        Assert.Equal(10UL, Lowest());
        low.Dispose();
        low.Dispose();
        Assert.Equal(10UL, Lowest());
        again.Dispose();
        Assert.Equal(20UL, Lowest());
        high.MoveTo(25);
        high.MoveTo(15);
        Assert.Equal(25UL, Lowest());
        high.Dispose();
        Assert.True(_pins.IsEmpty);
    }

    /// <summary>A pin that was granted covers everything behind its index, also against what was decided a moment before.</summary>
    [Fact]
    public void TryAdd_BelowWhatIsGivenUp_IsRefusedAndAddWhatIsLeftKeepsTheRest()
    {
        Assert.Null(_pins.TryAdd(3));
        Assert.NotNull(_pins.TryAdd(4));
        _pins.GiveUp(_ => 31);

        Assert.False(_pins.Covers(29));
        Assert.Null(_pins.TryAdd(29));
        Assert.True(_pins.Covers(30));
        Assert.Equal(30UL, _pins.AddWhatIsLeft(10).Index);
        Assert.Equal(40UL, _pins.AddWhatIsLeft(40).Index);
    }

    [Fact]
    public void LoseBelow_TakesPinsThatWantMore_AndTellsTheirOwners()
    {
        var lost = _pins.TryAdd(10)!;
        var kept = _pins.TryAdd(11)!;
        _pins.LoseBelow(12);

        Assert.True(lost.IsLost);
        Assert.False(kept.IsLost);
        Assert.Equal(11UL, Lowest());
    }

    [Fact]
    public void Restart_OfTheLog_LosesEveryPinBefore()
    {
        var pin = _pins.TryAdd(10)!;
        _pins.Restart(101);

        Assert.True(pin.IsLost);
        Assert.Null(_pins.TryAdd(99));
        Assert.NotNull(_pins.TryAdd(100));
    }

    private ulong Lowest()
    {
        var lowest = 0UL;
        _pins.GiveUp(pinned =>
        {
            lowest = pinned;
            return 0;
        });
        return lowest;
    }
}
