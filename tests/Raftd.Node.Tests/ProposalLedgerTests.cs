using System.Diagnostics;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.State.Leading;

namespace Raftd.Node.Tests;

public sealed class ProposalLedgerTests
{
    private const long Forever = long.MaxValue;

    private readonly ProposalLedger _ledger = new();
    private readonly ByteBudget _budget = new(limitBytes: 1000);

    [Fact]
    public void TakeCommitted_OwnEntry_HandsOutItsProposal()
    {
        var proposal = Propose(term: 2, index: 7);

        Assert.Same(proposal, _ledger.TakeCommitted(new EntryId(2, 7)));
        Assert.Equal(0, _ledger.Count);
    }

    [Fact]
    public void TakeCommitted_AnotherTermAtItsIndex_ProposalIsSurelyLost()
    {
        var proposal = Propose(term: 2, index: 7);

        Assert.Null(_ledger.TakeCommitted(new EntryId(3, 7)));
        Assert.Equal(ProposalEnd.NotProposed, EndOf(proposal));
    }

    /// <summary>Raft paper, figure 8: an entry of a lost leadership may still be committed by a later leader.</summary>
    [Fact]
    public void BeginTerm_EntryOfFormerTermIsCommittedAfterAll_ProposalLives()
    {
        var former = Propose(term: 2, index: 7);
        _ledger.BeginTerm();
        var present = Propose(term: 4, index: 8);

        Assert.False(former.Task.IsCompleted);
        Assert.Same(former, _ledger.TakeCommitted(new EntryId(2, 7)));
        Assert.Same(present, _ledger.TakeCommitted(new EntryId(4, 8)));
    }

    [Fact]
    public void BeginTerm_FormerAndPresentAtOneIndex_OnlyTheCommittedTermLives()
    {
        var former = Propose(term: 2, index: 7);
        _ledger.BeginTerm();
        var present = Propose(term: 4, index: 7);

        Assert.Same(present, _ledger.TakeCommitted(new EntryId(4, 7)));
        Assert.Equal(ProposalEnd.NotProposed, EndOf(former));
    }

    [Fact]
    public void SkipTo_SnapshotCoversTheIndex_OutcomeIsUnknown()
    {
        var covered = Propose(term: 2, index: 7);
        var beyond = Propose(term: 2, index: 8);

        _ledger.SkipTo(7);

        Assert.Equal(ProposalEnd.Unknown, EndOf(covered));
        Assert.False(beyond.Task.IsCompleted);
    }

    [Fact]
    public void EndOverdue_TimeIsUp_OutcomeIsUnknownAndALaterCommitIsHarmless()
    {
        var late = Propose(term: 2, index: 7, deadline: 100);
        var patient = Propose(term: 2, index: 8, deadline: 200);

        _ledger.EndOverdue(now: 150);

        Assert.Equal(ProposalEnd.Unknown, EndOf(late));
        Assert.Null(_ledger.TakeCommitted(new EntryId(2, 7)));
        Assert.Same(patient, _ledger.TakeCommitted(new EntryId(2, 8)));
    }

    [Fact]
    public void EndAll_SeveralWait_AreAllTold()
    {
        var former = Propose(term: 2, index: 7);
        _ledger.BeginTerm();
        var present = Propose(term: 3, index: 9);

        _ledger.EndAll();

        Assert.Equal(ProposalEnd.Unknown, EndOf(former));
        Assert.Equal(ProposalEnd.Unknown, EndOf(present));
        Assert.Equal(0, _ledger.Count);
    }

    /// <summary>Two leaderships lost in a row, and one index proposed by both and by the present one.</summary>
    [Fact]
    public void TakeCommitted_SeveralFormerLeaderships_EachIndexIsDecidedForAll()
    {
        var (first, firstHigh) = (Propose(term: 2, index: 7), Propose(term: 2, index: 9));
        _ledger.BeginTerm();
        var second = Propose(term: 3, index: 7);
        _ledger.BeginTerm();
        var present = Propose(term: 5, index: 7);

        Assert.Same(second, _ledger.TakeCommitted(new EntryId(3, 7)));
        Assert.Equal(ProposalEnd.NotProposed, EndOf(first));
        Assert.Equal(ProposalEnd.NotProposed, EndOf(present));
        Assert.False(firstHigh.Task.IsCompleted);
        Assert.Equal(1, _ledger.Count);
    }

    /// <summary>A scan of what is outstanding at each commit looks at 4 * 10^10 proposals here, which takes most of a minute.</summary>
    [Fact]
    public void TakeCommitted_ManyOfAFormerLeadership_CostsEachProposalOnce()
    {
        const ulong outstanding = 300_000;
        for (var index = 1UL; index <= outstanding; index++)
        {
            Propose(term: 2, index);
        }

        _ledger.BeginTerm();
        var limit = TimeSpan.FromSeconds(5);
        var watch = Stopwatch.StartNew();
        for (var index = 1UL; index <= outstanding; index++)
        {
            Assert.NotNull(_ledger.TakeCommitted(new EntryId(2, index)));
            Assert.True(watch.Elapsed < limit, $"{index} of {outstanding} in {limit}");
        }
    }

    [Fact]
    public void End_Twice_GivesTheBytesBackOnce()
    {
        Assert.True(_budget.TryTake(900));
        var proposal = new Proposal(new byte[900], Forever, _budget, growthBytes: 0);

        proposal.End(ProposalEnd.Unknown);
        proposal.End(ProposalEnd.Applied);

        Assert.True(_budget.TryTake(1000));
        Assert.False(_budget.TryTake(1));
    }

    private Proposal Propose(ulong term, ulong index, long deadline = Forever)
    {
        var proposal = new Proposal(ReadOnlyMemory<byte>.Empty, deadline, _budget, growthBytes: 0);
        _ledger.Add(proposal, new EntryId(term, index));
        return proposal;
    }

    private static ProposalEnd EndOf(Proposal proposal)
    {
        Assert.True(proposal.Task.IsCompleted);
        return proposal.Task.Result.End;
    }
}
