using Raftd.Raft.Tests.Support;
using Raftd.Testing.Cores;

namespace Raftd.Raft.Tests;

/// <summary>Sentences of the Raft paper (extended version) and the thesis, one by one.</summary>
public sealed class PaperTests
{
    private static readonly NodeId Two = new(2);
    private static readonly NodeId Three = new(3);

    private static Entry Normal(ulong term, ulong index) => new(new EntryId(term, index), EntryKind.Normal, default);

    private static Message Vote(NodeId from, ulong term, ulong lastTerm = 0, ulong lastIndex = 0) =>
        new() { Kind = MessageKind.MsgVote, From = from, Term = term, LogTerm = lastTerm, Index = lastIndex };

    private static Message Append(ulong term, ulong previousTerm, ulong previousIndex, ulong commit, params Entry[] entries) => new()
    {
        Kind = MessageKind.MsgApp,
        From = Two,
        Term = term,
        LogTerm = previousTerm,
        Index = previousIndex,
        Commit = commit,
        Entries = entries,
    };

    private static Message Ack(NodeId from, ulong term, ulong index) =>
        new() { Kind = MessageKind.MsgAppResp, From = from, Term = term, Index = index };

    /// <summary>5.1: a server that sees a larger term adopts it; a candidate or leader becomes a follower at once.</summary>
    [Fact]
    public void Leader_HearsAHigherTerm_BecomesFollower()
    {
        var leader = SingleNode.Leading();
        leader.Step(new Message { Kind = MessageKind.MsgAppResp, From = Two, Term = 9 });
        Assert.Equal((RaftRole.Follower, 9UL), (leader.Node.Role, leader.Node.Term));
    }

    /// <summary>5.1: a request with a stale term is rejected.</summary>
    [Fact]
    public void Follower_AppendOfAnOldTerm_RejectsItAndNamesItsOwn()
    {
        var follower = new SingleNode(term: 5);
        var answer = Assert.Single(follower.Step(Append(4, 0, 0, 0, Normal(4, 1))));
        Assert.Equal((MessageKind.MsgAppResp, 5UL), (answer.Kind, answer.Term));
        Assert.Equal(0UL, follower.Node.LastIndex);
    }

    /// <summary>5.2: each server votes for at most one candidate in a term, first come first served.</summary>
    [Fact]
    public void Follower_AskedTwiceInATerm_VotesOnce()
    {
        var follower = new SingleNode();
        Assert.False(Assert.Single(follower.Step(Vote(Two, 1))).Reject);
        Assert.True(Assert.Single(follower.Step(Vote(Three, 1))).Reject);

        // The answer may have been lost: the same candidate gets the same answer.
        Assert.False(Assert.Single(follower.Step(Vote(Two, 1))).Reject);
        Assert.False(Assert.Single(follower.Step(Vote(Three, 2))).Reject);
    }

    /// <summary>5.2: election timeouts are chosen at random from a fixed interval, here [10, 20).</summary>
    [Fact]
    public void Follower_HearsNoLeader_StartsElectionAfterARandomTimeout()
    {
        var seen = new HashSet<int>();
        for (var draw = 0; draw < 10; draw++)
        {
            var member = new TestMember(1, new Configuration([new(1), Two, Three], []), new FixedRandom(draw));
            var ticks = 0;
            while (member.Node.Role == RaftRole.Follower)
            {
                member.Node.Tick();
                ticks++;
            }

            seen.Add(ticks);
        }

        Assert.Equal(Enumerable.Range(10, 10), seen.Order());
    }

    /// <summary>5.2: a candidate that hears a leader of its own term returns to follower.</summary>
    [Fact]
    public void Candidate_LeaderOfItsTermSpeaks_FollowsIt()
    {
        var candidate = new SingleNode();
        candidate.Node.Campaign();
        candidate.Step(new Message { Kind = MessageKind.MsgPreVoteResp, From = Two, Term = 1 });
        Assert.Equal(RaftRole.Candidate, candidate.Node.Role);
        candidate.Step(new Message { Kind = MessageKind.MsgHeartbeat, From = Three, Term = 1 });
        Assert.Equal((RaftRole.Follower, Three), (candidate.Node.Role, candidate.Node.Leader));
    }

    /// <summary>5.3: the append carries the entry before; a follower without it refuses.</summary>
    [Theory]
    [InlineData(2, 2, false)]
    [InlineData(2, 3, true)]
    [InlineData(3, 2, true)]
    [InlineData(0, 0, false)]
    public void Follower_AppendBehindAnotherEntry_RejectsIt(ulong previousTerm, ulong previousIndex, bool reject)
    {
        var follower = new SingleNode(2, 1, 2);
        var answer = Assert.Single(follower.Step(Append(3, previousTerm, previousIndex, 0)));
        Assert.Equal(reject, answer.Reject);
    }

    /// <summary>5.3: an append is acknowledged as far as it was compared. What stands behind that may be of another leader.</summary>
    [Fact]
    public void Follower_LogLongerThanTheAppend_AcknowledgesOnlyWhatItReaches()
    {
        var follower = new SingleNode(2, 1, 2, 2);
        Assert.Equal(1UL, Assert.Single(follower.Step(Append(3, 1, 1, 0))).Index);
        Assert.Equal(2UL, Assert.Single(follower.Step(Append(3, 1, 1, 0, Normal(2, 2)))).Index);
    }

    /// <summary>5.3: a conflicting entry and all that follow it are deleted; what agrees stays, even beyond a late append.</summary>
    [Theory]
    [InlineData(0, 0, new ulong[] { 1, 2 }, "1/1 2/2 4/3")]
    [InlineData(0, 0, new ulong[] { 1 }, "1/1 2/2 4/3")]
    [InlineData(1, 1, new ulong[] { 3 }, "1/1 3/2")]
    [InlineData(2, 2, new ulong[] { 5, 5 }, "1/1 2/2 5/3 5/4")]
    [InlineData(4, 3, new ulong[] { 5 }, "1/1 2/2 4/3 5/4")]
    public void Follower_AppendOverItsLog_KeepsWhatAgreesAndReplacesWhatConflicts(ulong previousTerm, ulong previousIndex, ulong[] terms, string expected)
    {
        var follower = new SingleNode(4, 1, 2, 4);
        var entries = terms.Select((term, i) => Normal(term, previousIndex + 1 + (ulong)i)).ToArray();
        follower.Step(Append(5, previousTerm, previousIndex, 0, entries));
        Assert.Equal(expected, follower.Log);
    }

    /// <summary>Figure 2, AppendEntries 5: the commit index goes up to the leader's, at most to the last new entry.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(9, 2)]
    public void Follower_LeaderCommittedMore_CommitsNoFurtherThanTheAppendReaches(ulong leaderCommit, ulong expected)
    {
        var follower = new SingleNode(1, 1, 1, 1);
        follower.Step(Append(1, 1, 1, leaderCommit, Normal(1, 2)));
        Assert.Equal(expected, follower.Node.Commit);
    }

    /// <summary>5.3: an entry is committed once the leader has replicated it on a majority, and earlier ones with it.</summary>
    [Fact]
    public void Leader_MajorityHasAnEntry_CommitsIt()
    {
        var leader = SingleNode.Leading();
        leader.Node.Propose([Text.Bytes("a"), Text.Bytes("b")], out var first);
        leader.Settle();
        Assert.Equal(new EntryId(1, 2), first);
        Assert.Equal(0UL, leader.Node.Commit);
        leader.Step(Ack(Two, 1, 3));
        Assert.Equal(3UL, leader.Node.Commit);
        Assert.Equal(3, leader.Applied.Count);
    }

    /// <summary>5.4.1: the voter denies its vote if its own log is more up to date.</summary>
    [Theory]
    [InlineData(2, 2, false)]
    [InlineData(2, 9, false)]
    [InlineData(3, 1, false)]
    [InlineData(2, 1, true)]
    [InlineData(1, 9, true)]
    public void Voter_AskedForItsVote_ComparesLogs(ulong lastTerm, ulong lastIndex, bool reject)
    {
        var voter = new SingleNode(3, 1, 2);
        Assert.Equal(reject, Assert.Single(voter.Step(Vote(Two, 4, lastTerm, lastIndex))).Reject);
    }

    /// <summary>5.4.2: only entries of the leader's current term are committed by counting replicas.</summary>
    [Fact]
    public void Leader_EntryOfAnEarlierTerm_CommitsItOnlyWithOneOfItsOwn()
    {
        var leader = SingleNode.Leading(2, 1, 2);
        leader.Step(Ack(Two, 3, 1));
        leader.Step(Ack(Two, 3, 2));
        leader.Step(Ack(Three, 3, 2));
        Assert.Equal(0UL, leader.Node.Commit);
        leader.Step(Ack(Three, 3, 3));
        Assert.Equal(3UL, leader.Node.Commit);
    }

    /// <summary>5.1: what a peer acknowledged in an earlier term says nothing now, its log may have changed since.</summary>
    [Fact]
    public void Leader_AcknowledgementOfAnEarlierTerm_IgnoresIt()
    {
        var leader = SingleNode.Leading(2, 1, 2);
        leader.Step(Ack(Two, 2, 3));
        Assert.Equal((3UL, 0UL), (leader.Node.Term, leader.Node.Commit));
    }

    /// <summary>Thesis 9.6: a pre-vote changes neither term nor vote, and its answer is no vote.</summary>
    [Fact]
    public void PreVote_Answered_ChangesNothing()
    {
        var voter = new SingleNode(term: 1);
        voter.Step(new Message { Kind = MessageKind.MsgPreVote, From = Two, Term = 2 });
        Assert.Equal((1UL, NodeId.None), (voter.Node.Term, voter.Node.Vote));

        voter.Node.Campaign();
        voter.Step(new Message { Kind = MessageKind.MsgPreVoteResp, From = Two, Term = 2 });
        Assert.Equal(RaftRole.Candidate, voter.Node.Role);
        voter.Step(new Message { Kind = MessageKind.MsgPreVoteResp, From = Three, Term = 2 });
        Assert.Equal(RaftRole.Candidate, voter.Node.Role);
    }

    /// <summary>3.8 of the thesis: vote and term are persistent before the answer leaves.</summary>
    [Fact]
    public void Vote_NotYetDurable_IsHeldBack()
    {
        var member = new TestMember(1, new Configuration([new(1), Two, Three], []), new FixedRandom(0));
        member.Node.Step(new Message { Kind = MessageKind.MsgVote, To = member.Id, From = Two, Term = 1 });
        var ready = member.TakeReady();
        Assert.True(ready.MustSync);
        Assert.Empty(ready.Messages);
        Assert.Equal(MessageKind.MsgVoteResp, Assert.Single(ready.MessagesAfterDurable).Kind);
    }
}
