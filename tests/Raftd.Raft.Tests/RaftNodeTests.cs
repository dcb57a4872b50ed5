using Raftd.Raft.Tests.Support;
using Raftd.Testing.Cores;

namespace Raftd.Raft.Tests;

public sealed class RaftNodeTests
{
    private static readonly NodeId Two = new(2);

    private static Message Snapshot(EntryId last, Configuration configuration, ulong configurationIndex) => new()
    {
        Kind = MessageKind.MsgSnap,
        To = new NodeId(1),
        From = Two,
        Term = last.Term,
        Snapshot = new SnapshotMetadata(last, configuration, configurationIndex),
    };

    [Fact]
    public void HasReady_AfterTakeReady_IsFalse()
    {
        var leader = SingleNode.Leading();
        leader.Node.Propose([Text.Bytes("a")], out _);
        Assert.True(leader.Node.HasReady);
        leader.Settle();
        Assert.False(leader.Node.HasReady);
    }

    [Fact]
    public void TakeReady_WithNothingToDo_SharesEmptyLists()
    {
        var ready = new SingleNode().Node.TakeReady();
        Assert.Same(Array.Empty<Message>(), ready.Messages);
        Assert.Same(Array.Empty<Message>(), ready.MessagesAfterDurable);
        Assert.Same(Array.Empty<Entry>(), ready.Entries);
        Assert.Same(Array.Empty<Entry>(), ready.Committed);
        Assert.Same(Array.Empty<RaftEvent>(), ready.Events);
    }

    [Fact]
    public void Propose_ABatch_SendsOneMessageToEachPeer()
    {
        var leader = SingleNode.Leading();
        leader.Step(new Message { Kind = MessageKind.MsgAppResp, From = Two, Term = 1, Index = 1 });
        leader.Node.Propose([Text.Bytes("a"), Text.Bytes("b")], out _);
        leader.Node.Propose([Text.Bytes("c")], out _);
        var append = Assert.Single(leader.Settle(), m => m.To == Two);
        Assert.Equal(3, append.Entries.Count);
    }

    [Fact]
    public void Step_MessagesNoCorrectPeerSends_AreReportedAndChangeNothing()
    {
        var follower = new SingleNode(1, 1, 1);
        Message[] broken =
        [
            new() { Kind = MessageKind.MsgApp, From = new NodeId(1), Term = 1 },
            new() { Kind = MessageKind.MsgApp, From = Two, Term = 1, Index = 1, LogTerm = 7 },
            new() { Kind = MessageKind.MsgApp, From = Two, Term = 1, Index = ulong.MaxValue, LogTerm = 1 },
            new() { Kind = MessageKind.MsgApp, From = Two, Term = 1, Index = 2, LogTerm = 1, Entries = [new(new(1, 9), EntryKind.Normal, default)] },
            new() { Kind = MessageKind.MsgApp, From = Two, Term = 1, Index = 2, LogTerm = 1, Entries = [new(new(1, 3), EntryKind.Configuration, default)] },
            new() { Kind = MessageKind.MsgApp, From = Two, Term = 1, Index = 2, LogTerm = 1, Entries = [new(new(1, 3), EntryKind.Configuration, Configuration.Empty.Encode())] },
            new() { Kind = MessageKind.MsgSnap, From = Two, Term = 1 },
            new() { Kind = MessageKind.MsgSnap, From = Two, Term = 1, Snapshot = new(new(1, ulong.MaxValue), new([Two], []), 0) },
            new() { Kind = MessageKind.MsgHeartbeat, From = Two, Term = ulong.MaxValue },
            new() { Kind = (MessageKind)99, From = Two, Term = 1 },
        ];
        foreach (var message in broken)
        {
            follower.Node.Step(new Message
            {
                Kind = message.Kind,
                To = new NodeId(1),
                From = message.From,
                Term = message.Term,
                Index = message.Index,
                LogTerm = message.LogTerm,
                Entries = message.Entries,
                Snapshot = message.Snapshot,
            });
            Assert.Contains(follower.Node.TakeReady().Events, happened => happened is MessageDropped);
        }

        Assert.Equal("1/1 1/2", follower.Log);
    }

    [Fact]
    public void Step_AnAppendBelowTheCommitIndex_IsAnsweredWithItAndNotTakenIn()
    {
        var follower = new SingleNode(1, 1, 1);
        follower.Step(new Message { Kind = MessageKind.MsgHeartbeat, From = Two, Term = 1, Commit = 2 });
        Entry[] entries = [new(new EntryId(2, 1), EntryKind.Normal, default)];
        var answer = Assert.Single(follower.Step(new Message { Kind = MessageKind.MsgApp, From = Two, Term = 2, Entries = entries }));
        Assert.Equal(2UL, answer.Index);
        Assert.Equal("1/1 1/2", follower.Log);
    }

    [Fact]
    public void Step_AHeartbeatThatCommitsMoreThanTheLogHas_MeansThatEntriesAreLost()
    {
        var follower = new SingleNode(1, 1, 1);
        follower.Step(new Message { Kind = MessageKind.MsgHeartbeat, From = Two, Term = 1, Commit = 3 });
        Assert.True(follower.Node.IsRecovering);
    }

    [Fact]
    public void Step_AVoteRequestSoonAfterTheStart_MayBreakAPromiseOfBeforeAndIsRefusedWithLeaseReads()
    {
        var founding = new Configuration([new(1), Two, new(3)], []);
        var member = new TestMember(1, founding, new FixedRandom(9), options => options with { LeaseReads = true });
        var request = new Message { Kind = MessageKind.MsgVote, To = member.Id, From = Two, Term = 1 };
        member.Node.Step(request);
        Assert.Equal(NodeId.None, member.Node.Vote);
        for (var ticks = 0; ticks < 10; ticks++)
        {
            member.Node.Tick();
        }

        member.Node.Step(request);
        Assert.Equal(Two, member.Node.Vote);
    }

    [Fact]
    public void Step_ASnapshot_BringsItsConfiguration()
    {
        var follower = new SingleNode(1, 1, 1);
        var smaller = new Configuration([new(1), Two], []);
        follower.Node.Step(Snapshot(new EntryId(1, 9), smaller, configurationIndex: 7));
        Assert.Equal((7UL, smaller), (follower.Node.ConfigurationIndex, follower.Node.Configuration));
    }

    [Fact]
    public void Durable_OfAWriteBeforeASnapshot_SaysNothingOfTheLogBehindIt()
    {
        var founding = new Configuration([new(1), Two, new(3)], []);
        var member = new TestMember(1, founding, new FixedRandom(0));
        Entry[] entries = [.. Enumerable.Range(1, 5).Select(i => new Entry(new EntryId(1, (ulong)i), EntryKind.Normal, default))];
        member.Node.Step(new Message { Kind = MessageKind.MsgApp, To = member.Id, From = Two, Term = 1, Entries = entries });
        member.TakeReady();
        member.Node.Step(Snapshot(new EntryId(2, 3), founding, configurationIndex: 0));
        member.TakeReady();
        member.CompleteWrite();
        Assert.Equal((3UL, 0UL), (member.Node.LastIndex, member.Node.Stable));
    }

    [Fact]
    public void Committed_TooMuchNotApplied_Waits()
    {
        var member = new TestMember(1, new Configuration([new(1)], []), new FixedRandom(0));
        var node = new RaftNode(
            TestOptions.For(1) with { MaxApplyingBytes = 1 },
            member.Disk,
            new FixedRandom(0),
            new RaftBootState { Configuration = new Configuration([new(1)], []) });
        node.Campaign();
        node.Durable(node.TakeReady().Sequence);
        WriteAll(node, member.Disk);
        node.Propose([Text.Bytes("a")], out _);
        Assert.Equal(1UL, Assert.Single(WriteAll(node, member.Disk).Committed).Index);
        Assert.Empty(node.TakeReady().Committed);
        Assert.False(node.HasReady);
        node.Applied(1);
        Assert.Equal(2UL, Assert.Single(node.TakeReady().Committed).Index);
    }

    /// <summary>Peers that acknowledge appends and no heartbeat: the leader stays, and confirms no read.</summary>
    [Fact]
    public void ForgetReads_NoRoundIsConfirmedForHours_HoldsNoMoreThanAnElectionTimeoutAsks()
    {
        const int ticksOfAnHour = 36_000;
        var leader = SingleNode.Leading();
        for (var tick = 1UL; tick <= ticksOfAnHour; tick++)
        {
            leader.Step(new Message { Kind = MessageKind.MsgAppResp, From = new NodeId(2), Term = 1, Index = 1 });
            leader.Step(new Message { Kind = MessageKind.MsgReadIndex, From = new NodeId(2), Term = 1, ReadId = tick });
            leader.Node.RequestRead(tick);
            leader.Node.ForgetReads(new HashSet<ulong> { tick - 2 });
            leader.Node.Tick();
            leader.Settle();

            Assert.InRange(leader.Node.HeldReads, 0, 2 + 20);
        }

        Assert.Equal(RaftRole.Leader, leader.Node.Role);
    }

    [Fact]
    public void ForgetReads_LeaderAnswersNoForwardedRead_HoldsNothingFurther()
    {
        var follower = new SingleNode();
        follower.Step(new Message { Kind = MessageKind.MsgHeartbeat, From = new NodeId(2), Term = 1 });
        for (var context = 1UL; context <= 1000; context++)
        {
            follower.Node.RequestRead(context);
            follower.Settle();
            follower.Node.ForgetReads(new HashSet<ulong> { context });
        }

        Assert.Equal(0, follower.Node.HeldReads);
    }

    /// <summary>Without it a read waits for the answers to a round that was given up.</summary>
    [Fact]
    public void ForgetReads_OfTheWholeRound_TheNextBeginsAtOnce()
    {
        var leader = SingleNode.Leading();
        leader.Step(new Message { Kind = MessageKind.MsgAppResp, From = new NodeId(2), Term = 1, Index = 1 });
        leader.Node.RequestRead(1);
        leader.Settle();
        leader.Node.RequestRead(2);
        Assert.Empty(leader.Settle());

        leader.Node.ForgetReads(new HashSet<ulong> { 1 });

        Assert.Contains(leader.Settle(), message => message.Kind == MessageKind.MsgHeartbeat && message.ReadId != 0);
    }

    /// <summary>What was read for a peer is sent only if it is still what comes next there, and what the log has.</summary>
    [Theory]
    [InlineData("as asked", true)]
    [InlineData("another term", false)]
    [InlineData("a gap", false)]
    [InlineData("nothing", false)]
    [InlineData("asked earlier", false)]
    [InlineData("the peer went on", false)]
    [InlineData("a former leader", false)]
    public void EntriesRead_StaleOrNot_IsSentOrDroppedAndAskedAgain(string what, bool sends)
    {
        var member = LaggingPeer(out var wanted);
        var node = member.Node;
        var entries = member.Disk.Entries(wanted.Low, wanted.High, wanted.MaxBytes).ToArray();
        switch (what)
        {
            case "another term":
                entries[^1] = new Entry(new EntryId(1, entries[^1].Index), EntryKind.Normal, default);
                break;
            case "a gap":
                entries = [entries[0], entries[2]];
                break;
            case "nothing":
                entries = [];
                break;
            case "asked earlier":
                wanted = wanted with { Low = wanted.Low - 1 };
                break;
            case "the peer went on":
                node.Step(Acknowledgement(index: wanted.Low));
                break;
            case "a former leader":
                node.Step(new Message { Kind = MessageKind.MsgHeartbeat, From = new NodeId(3), To = node.Id, Term = 9 });
                break;
        }

        node.EntriesRead(wanted, entries);

        var ready = node.TakeReady();
        Assert.Equal(sends, ready.Messages.Any(message => message is { Kind: MessageKind.MsgApp, Entries.Count: 3 }));
        Assert.Equal(what is "another term" or "a gap" or "nothing" or "the peer went on", ready.EntriesWanted.Count == 1);
    }

    /// <summary>Failure of the log to answer must not gather questions.</summary>
    [Fact]
    public void EntriesWanted_PeerIsLostAndFoundAgainAndAgain_IsAskedForOnce()
    {
        var node = LaggingPeer(out _).Node;
        for (var i = 0; i < 100; i++)
        {
            node.ReportUnreachable(new NodeId(2));
            node.Step(new Message { Kind = MessageKind.MsgHeartbeatResp, From = new NodeId(2), To = node.Id, Term = node.Term });
            node.Step(Acknowledgement(index: 1));

            Assert.Empty(node.TakeReady().EntriesWanted);
        }
    }

    /// <summary>Member 1 leads term 4 with a log that only its disk has; 2 has its first entry and wants the next three.</summary>
    private static TestMember LaggingPeer(out EntriesWanted wanted)
    {
        var founding = new Configuration([new(1), new(2), new(3)], []);
        List<Entry> log = [.. new ulong[] { 1, 1, 2, 3 }.Select((t, i) => new Entry(new EntryId(t, (ulong)i + 1), EntryKind.Normal, default))];
        var member = new TestMember(1, founding, new FixedRandom(0), tune: null, term: 3, log);
        member.Node.Campaign();
        foreach (var kind in new[] { MessageKind.MsgPreVoteResp, MessageKind.MsgVoteResp })
        {
            member.Node.Step(new Message { Kind = kind, From = new NodeId(2), To = member.Id, Term = 4 });
            member.TakeReady();
            while (member.IsWriting)
            {
                member.CompleteWrite();
            }
        }

        member.TakeReady();
        member.Node.Step(Acknowledgement(index: 1));
        wanted = Assert.Single(member.TakeReady().EntriesWanted);
        Assert.Equal(new EntriesWanted(new NodeId(2), 2, 5, 1024), wanted);
        return member;
    }

    private static Message Acknowledgement(ulong index) =>
        new() { Kind = MessageKind.MsgAppResp, From = new NodeId(2), To = new NodeId(1), Term = 4, Index = index };

    [Fact]
    public void Node_SameInputsTwice_SaysTheSame()
    {
        static string Transcript()
        {
            var leader = SingleNode.Leading(3, 1, 2, 3);
            leader.Node.Propose([Text.Bytes("a")], out _);
            leader.Node.RequestRead(5);
            leader.Node.Tick();
            return string.Join('\n', leader.Settle().Select(Scripts.ScriptPrinter.Message));
        }

        Assert.Equal(Transcript(), Transcript());
    }

    private static Ready WriteAll(RaftNode node, CoreDisk storage)
    {
        var ready = node.TakeReady();
        storage.Append(ready.Entries);
        node.Durable(ready.Sequence);
        return ready;
    }
}
