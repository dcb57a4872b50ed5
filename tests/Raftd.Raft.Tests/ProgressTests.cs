using Raftd.Raft.Tests.Support;

namespace Raftd.Raft.Tests;

public sealed class ProgressTests
{
    private static Progress Probing(ulong next) => new(new NodeId(2), next, isLearner: false, TestOptions.For(1));

    [Fact]
    public void Probe_AfterOneAppend_IsPausedUntilAnswered()
    {
        var peer = Probing(next: 10);
        peer.Sent(12, 100);
        Assert.True(peer.IsPaused);
        Assert.Equal(10UL, peer.Next);
        Assert.True(peer.MaybeAdvance(12));
        Assert.False(peer.IsPaused);
        Assert.Equal((12UL, 13UL), (peer.Match, peer.Next));
    }

    [Theory]
    [InlineData(9, 5, true, 6)]
    [InlineData(9, 9, true, 9)]
    [InlineData(8, 5, false, 10)]
    [InlineData(9, 0, true, 1)]
    public void Probe_Rejected_RetreatsToTheHint(ulong rejected, ulong hint, bool isNews, ulong next)
    {
        var peer = Probing(next: 10);
        Assert.Equal(isNews, peer.MaybeRetreat(rejected, hint));
        Assert.Equal(next, peer.Next);
    }

    [Fact]
    public void Probe_HintBelowItsMatch_RetreatsNoFurtherThanTheMatch()
    {
        var peer = Replicating(match: 5);
        peer.BecomeProbe();
        Assert.True(peer.MaybeRetreat(5, 2));
        Assert.Equal(6UL, peer.Next);
    }

    [Fact]
    public void Replicate_RejectedBelowItsMatch_IsALateRejection()
    {
        var peer = Replicating(match: 5);
        Assert.False(peer.MaybeRetreat(5, 3));
        Assert.Equal(ProgressState.Replicate, peer.State);
    }

    [Fact]
    public void Replicate_RejectedAboveItsMatch_ProbesBehindTheMatchWithNothingUnderWay()
    {
        var peer = Replicating(match: 5);
        peer.Sent(8, 30);
        peer.Sent(9, 30);
        Assert.Equal(10UL, peer.Next);
        Assert.True(peer.MaybeRetreat(8, 7));
        Assert.Equal((ProgressState.Probe, 6UL, 0), (peer.State, peer.Next, peer.Inflights.Count));
    }

    [Fact]
    public void Snapshot_UnderWay_SendsNothingAndThenProbesOnceBehindIt()
    {
        var peer = Replicating(match: 5);
        peer.BecomeSnapshot();
        Assert.True(peer.IsPaused);
        peer.BecomeProbeAfterSnapshot(20);
        Assert.Equal(21UL, peer.Next);
        Assert.True(peer.IsPaused);
    }

    [Fact]
    public void Recovery_TargetNotReached_ForgetsTheMatch()
    {
        var peer = Replicating(match: 5);
        peer.BeginRecovery(nonce: 77, target: 8, epoch: 1);
        Assert.Equal((0UL, 9UL, ProgressState.Probe), (peer.Match, peer.Next, peer.State));
        peer.MaybeAdvance(7);
        Assert.False(peer.IsRecoveryComplete);
        peer.MaybeAdvance(8);
        Assert.True(peer.IsRecoveryComplete);
    }

    private static Progress Replicating(ulong match)
    {
        var peer = Probing(match + 1);
        peer.MaybeAdvance(match);
        peer.BecomeReplicate();
        return peer;
    }
}
