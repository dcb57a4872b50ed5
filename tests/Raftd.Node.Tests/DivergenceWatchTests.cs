using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Raft;
using Raftd.Store;
using Raftd.Testing.Buckets;

namespace Raftd.Node.Tests;

public sealed class DivergenceWatchTests : IDisposable
{
    private static readonly MemberTable Members = MemberTable.Of([Member(1), Member(2), Member(3)]);

    private readonly ModelStateDirectory _directory = new(new ModelStateDisk());
    private readonly StateMachine _state;
    private readonly DivergenceWatch _watch;

    public DivergenceWatchTests()
    {
        _state = StateMachine.Open(_directory, new StoreOptions());
        _watch = new DivergenceWatch(_state);
    }

    public void Dispose()
    {
        _state.Dispose();
        _directory.Dispose();
    }

    /// <summary>1 and 2 and 3 vote, 4 and 5 learn: what learners say takes no voter down.</summary>
    [Theory]
    [InlineData("4 5", false)]
    [InlineData("2 4 5", false)]
    [InlineData("2 3", true)]
    [InlineData("2 3 4", true)]
    public void FindMajority_WithLearners_CountsVotersAlone(string differing, bool fences)
    {
        var configuration = new Configuration([new(1), new(2), new(3)], [new(4), new(5)]);
        var verdicts = differing.Split(' ').Select(peer => new DivergenceWatch.Verdict(ulong.Parse(peer), 7, Own: 1, Theirs: 2));

        var against = DivergenceWatch.FindMajority([.. verdicts], configuration);

        Assert.Equal(fences ? [2UL, 3UL] : null, against?.Select(verdict => verdict.Peer));
    }

    [Fact]
    public void Differing_SameHashAtSameIndex_NamesNoMember()
    {
        Apply(3);
        _watch.Report(2, _watch.Own());

        Assert.Empty(_watch.Differing(Members));
    }

    [Fact]
    public void Differing_OtherHashAtSameIndex_NamesThePeerAndBothHashes()
    {
        Apply(3);
        var own = _watch.Own();
        _watch.Report(2, own with { Hash = own.Hash ^ 1 });

        var verdict = Assert.Single(_watch.Differing(Members));
        Assert.Equal((2UL, 3UL, own.Hash, own.Hash ^ 1), (verdict.Peer, verdict.Index, verdict.Own, verdict.Theirs));
    }

    /// <summary>No false alarm: a peer that is ahead is compared once this member has come as far.</summary>
    [Fact]
    public void Differing_PeerIsAhead_WaitsUntilTheIndexIsApplied()
    {
        Apply(1);
        _watch.Report(2, new HashReport(Index: 3, Hash: 12345));
        Assert.Empty(_watch.Differing(Members));

        Apply(2);
        Assert.Equal(2UL, Assert.Single(_watch.Differing(Members)).Peer);
    }

    [Fact]
    public void Differing_PeerIsNoMemberAnyMore_DoesNotCount()
    {
        Apply(1);
        _watch.Report(9, new HashReport(Index: 1, Hash: 12345));

        Assert.Empty(_watch.Differing(Members));
    }

    [Fact]
    public void Differing_PeerAgreesAgainLater_IsForgiven()
    {
        Apply(1);
        _watch.Report(2, new HashReport(Index: 1, Hash: 12345));
        Apply(1);
        _watch.Report(2, _watch.Own());

        Assert.Empty(_watch.Differing(Members));
    }

    private void Apply(int entries)
    {
        for (var i = 0; i < entries; i++)
        {
            _state.ApplyEmpty(_state.Applied.Index + 1, term: 1);
        }

        _state.Publish();
    }

    private static MemberInfo Member(ulong id) => new()
    {
        Id = id,
        Label = $"node{id}",
        HttpAddress = $"127.0.0.1:{id}",
        PeerAddress = $"127.0.0.1:{1000 + id}",
        Instance = id,
        Generator = (int)id,
        PromoteWhenCaughtUp = false,
    };
}
