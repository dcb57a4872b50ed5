namespace Raftd.Node.Tests;

public sealed class MemoryTrimTests
{
    private const long Megabyte = 1 << 20;

    [Fact]
    public void Trim_AfterABurst_IsDueOnceAfterTenTurnsAtRest()
    {
        var trim = new MemoryTrim();
        Assert.False(trim.IsDue(100 * Megabyte, 40 * Megabyte));
        for (var turn = 1; turn < 10; turn++)
        {
            Assert.False(trim.IsDue(100 * Megabyte, 40 * Megabyte));
        }

        Assert.True(trim.IsDue(100 * Megabyte, 40 * Megabyte));
        Assert.False(trim.IsDue(100 * Megabyte, 40 * Megabyte));
    }

    [Fact]
    public void Trim_WhileTheMemberWorks_IsNotDue()
    {
        var trim = new MemoryTrim();
        for (var turn = 1; turn < 100; turn++)
        {
            Assert.False(trim.IsDue(turn * 2 * Megabyte, 40 * Megabyte));
        }
    }

    [Fact]
    public void Trim_OfALargeHeap_IsNeverDue()
    {
        var trim = new MemoryTrim();
        for (var turn = 1; turn < 100; turn++)
        {
            Assert.False(trim.IsDue(1000 * Megabyte, 900 * Megabyte));
        }
    }
}
