using Raftd.Node.Replication;

namespace Raftd.Node.Tests;

public sealed class ReadLedgerTests
{
    private readonly ReadLedger _ledger = new();

    [Fact]
    public void Confirmed_IndexIsApplied_AllReadsOfTheRoundAreReleased()
    {
        var (first, second) = (Add(), Add());
        var context = _ledger.BeginRound(tick: 0);

        _ledger.Confirmed(context, index: 5, applied: 5);

        Assert.True(Released(first));
        Assert.True(Released(second));
    }

    [Fact]
    public void Confirmed_IndexIsAhead_ReadsWaitForApply()
    {
        var read = Add();
        _ledger.Confirmed(_ledger.BeginRound(tick: 0), index: 9, applied: 5);

        _ledger.Applied(8);
        Assert.False(read.Task.IsCompleted);
        _ledger.Applied(9);
        Assert.True(Released(read));
    }

    /// <summary>The core must hear of them, or it keeps each context that was ever tried.</summary>
    [Fact]
    public void EndOverdue_ContextsWithoutAnAnswerOrAReader_AreGivenUpByName()
    {
        Add();
        var unanswered = _ledger.BeginRound(tick: 0);
        Add();
        var fresh = _ledger.BeginRound(tick: 3);

        Assert.Equal([unanswered], _ledger.EndOverdue(now: 0, oldestTick: 2));
        Assert.Equal([fresh], _ledger.EndOverdue(now: long.MaxValue, oldestTick: 2));
        Assert.Empty(_ledger.EndOverdue(now: long.MaxValue, oldestTick: 9));
    }

    /// <summary>Failure 5 of docs/failures.md: a late answer to an old round must not release a newer read.</summary>
    [Fact]
    public void Failed_RoundsContextAnsweredLate_ReleasesNoReadOfTheNewOne()
    {
        var read = Add();
        var lost = _ledger.BeginRound(tick: 0);
        _ledger.Failed(lost);
        var fresh = _ledger.BeginRound(tick: 1);

        Assert.NotEqual(lost, fresh);
        _ledger.Confirmed(lost, index: 1, applied: 5);
        Assert.False(read.Task.IsCompleted);
        _ledger.Confirmed(fresh, index: 1, applied: 5);
        Assert.True(Released(read));
    }

    [Fact]
    public void EndOverdue_RoundStaysUnanswered_ItsReadsAreAskedAgain()
    {
        Add();
        _ledger.BeginRound(tick: 3);
        Assert.False(_ledger.HasWaiting);

        _ledger.EndOverdue(now: 0, oldestTick: 3);
        Assert.False(_ledger.HasWaiting);
        _ledger.EndOverdue(now: 0, oldestTick: 4);
        Assert.True(_ledger.HasWaiting);
    }

    [Fact]
    public void EndOverdue_TimeIsUp_ReadEndsUnconfirmedWhereverItWaits()
    {
        var asked = Add(deadline: 100);
        _ledger.BeginRound(tick: 0);
        var applying = Add(deadline: 100);
        _ledger.Confirmed(_ledger.BeginRound(tick: 0), index: 9, applied: 0);
        var waiting = Add(deadline: 100);

        _ledger.EndOverdue(now: 100, oldestTick: 0);

        Assert.All([asked, applying, waiting], read => Assert.False(read.Task.Result));
    }

    private ReadBarrier Add(long deadline = long.MaxValue)
    {
        var barrier = new ReadBarrier(deadline);
        _ledger.Add(barrier);
        return barrier;
    }

    private static bool Released(ReadBarrier read) => read.Task is { IsCompleted: true, Result: true };
}
