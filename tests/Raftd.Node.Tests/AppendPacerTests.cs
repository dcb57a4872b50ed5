using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

/// <summary>A leader of two, stepped: what it appends while the append before is under way.</summary>
public sealed class AppendPacerTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly SteppedMember _leader;
    private readonly List<Task> _proposed = [];
    private int _wakes;

    public AppendPacerTests()
    {
        _leader = SteppedMember.LeaderOfTwo(_time);
        _leader.Replica.Wake = () => _wakes++;
    }

    /// <summary>How many commands each append has that was sent since the leader was elected.</summary>
    private int[] Appends =>
        [.. _leader.Sent.Where(static message => message.Kind == MessageKind.MsgApp).Select(static append => append.Entries.Count).Where(static count => count > 0).Skip(1)];

    public void Dispose() => _leader.Dispose();

    [Fact]
    public void Commands_WhileAnAppendIsUnderWay_ShareTheNextOne_WithoutAWakeUpEach()
    {
        Assert.Equal(1, WakesOf("a"));
        _leader.Run();
        Assert.Equal(0, WakesOf("b"));
        Assert.Equal(0, WakesOf("c"));
        _leader.Run();
        Assert.Equal([1], Appends);

        _leader.Acknowledge();
        Assert.Equal([1, 2], Appends);
        _leader.Acknowledge();
        Assert.Equal(1, WakesOf("d"));
        _leader.Run();
        Assert.Equal([1, 2, 1], Appends);
    }

    [Fact]
    public void Command_BehindAnAppendThatPeersDoNotAnswer_IsAppendedSoon()
    {
        Propose("a");
        _leader.Run();
        Propose("b");
        _leader.Run();
        Assert.Equal(_time.GetTimestamp() + TimeSpan.FromMilliseconds(2).Ticks, _leader.Replica.NextDeadline);

        _time.Advance(TimeSpan.FromMilliseconds(2));
        _leader.Run();
        Assert.Equal([1, 1], Appends);
    }

    [Fact]
    public void Command_BehindAnAppendThatNoDiskTakes_IsSentToTheOthers()
    {
        Propose("a");
        _leader.Replica.Step();
        Propose("b");
        _leader.Replica.Step();
        Assert.Equal(_time.GetTimestamp() + TimeSpan.FromMilliseconds(10).Ticks, _leader.Replica.NextDeadline);

        _time.Advance(TimeSpan.FromMilliseconds(10));
        _leader.Replica.Step();
        Assert.Equal([1, 1], Appends);
    }

    [Fact]
    public void Command_ThatIsLarge_WaitsForNone()
    {
        Propose("a");
        _leader.Run();
        Assert.Equal(0, WakesOf("b"));
        Assert.Equal(1, WakesOf("large", AppendPacer.LargeBytes));
        _leader.Run();
        Assert.Equal([1, 2], Appends);
    }

    /// <summary>It calls nobody, and the step has taken what there was.</summary>
    [Fact]
    public void Command_ThatComesInTheStepThatEndsTheWait_IsTakenByTheNext()
    {
        Propose("a");
        _leader.Run();
        _time.Advance(TimeSpan.FromMilliseconds(2));
        _leader.Replica.RoomSought = _ =>
        {
            _leader.Replica.RoomSought = static _ => { };
            Assert.Equal(0, WakesOf("b"));
        };

        Assert.True(_leader.Replica.Step());
        _leader.Replica.Step();
        Assert.Equal([1, 1], Appends);
    }

    [Fact]
    public void Commands_ThatWaitWhenTheMemberStops_AreEnded()
    {
        Propose("a");
        _leader.Run();
        Propose("b");
        _leader.Run();
        Propose("c");
        _leader.Replica.EndWaiting();
        Assert.All(_proposed, static proposal => Assert.True(proposal.IsCompleted));
    }

    /// <summary>Three were answered and one waits: the next append is for three of those four, and only the last of them calls.</summary>
    [Fact]
    public void Clients_WhoAreBackOnceTheyAreAnswered_ShareTheNextAppend()
    {
        CommitThreeWhileOneWaits();
        Assert.Equal(0, WakesOf("f"));
        _leader.Run();
        Assert.Equal([1, 3], Appends);
        Assert.Equal(1, WakesOf("g"));
        _leader.Run();
        Assert.Equal([1, 3, 3], Appends);
    }

    [Fact]
    public void Clients_WhoDoNotComeBack_AreNotWaitedForLong()
    {
        CommitThreeWhileOneWaits();
        _time.Advance(TimeSpan.FromMicroseconds(999));
        _leader.Run();
        Assert.Equal([1, 3], Appends);

        _time.Advance(TimeSpan.FromMicroseconds(1));
        Assert.True(_leader.Replica.NextDeadline <= _time.GetTimestamp());
        _leader.Run();
        Assert.Equal([1, 3, 1], Appends);
        Assert.Equal(0, WakesOf("f"));
    }

    [Fact]
    public void Commit_BehindWhichCommandsGather_LeavesWithThem()
    {
        CommitThreeWhileOneWaits();
        var appends = AllAppends().Count;
        for (var i = 0; i < 9; i++)
        {
            _time.Advance(TimeSpan.FromMicroseconds(100));
            _leader.Run();
        }

        Assert.Equal(appends, AllAppends().Count);
        _time.Advance(TimeSpan.FromMicroseconds(100));
        _leader.Run();
        var append = AllAppends()[appends];
        Assert.Single(append.Entries);
        Assert.Equal(append.Index, append.Commit);
    }

    [Fact]
    public void Acknowledgement_OfWhatIsCommitted_CallsNobodyWhileCommandsGather()
    {
        GatherThree();
        Assert.Equal(1, WakesOfAnAcknowledgement());
        _leader.Run();
        Propose("e");
        _leader.Acknowledge();
        Assert.Equal(0, WakesOfAnAcknowledgement());
        Propose("f");
        Propose("g");
        _leader.Run();
        Assert.Equal([1, 3, 3], Appends);
        Assert.Equal(1, WakesOfAnAcknowledgement());
    }

    [Fact]
    public void Client_WhoWritesAlone_WaitsForNobody()
    {
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal(1, WakesOf("a"));
            _leader.Run();
            Assert.Equal(i, Appends.Length);
            _leader.Acknowledge();
        }
    }

    [Fact]
    public void Command_ThatIsLargeAndComesWithTheCommit_WaitsForNobody()
    {
        GatherThree();
        _leader.Acknowledge();
        _leader.ReceiveAcknowledgement();
        Propose("large", AppendPacer.LargeBytes);
        _leader.Run();
        Assert.Equal([1, 3, 1], Appends);
    }

    private List<Message> AllAppends() => [.. _leader.Sent.Where(static message => message.Kind == MessageKind.MsgApp)];

    private void CommitThreeWhileOneWaits()
    {
        GatherThree();
        _leader.Acknowledge();
        Propose("e");
        _leader.Acknowledge();
        Assert.Equal([1, 3], Appends);
    }

    private void GatherThree()
    {
        Propose("a");
        _leader.Run();
        Propose("b");
        Propose("c");
        Propose("d");
        _leader.Run();
    }

    private int WakesOfAnAcknowledgement()
    {
        var before = _wakes;
        _leader.ReceiveAcknowledgement();
        return _wakes - before;
    }

    private int WakesOf(string key, int valueBytes = 10)
    {
        var before = _wakes;
        Propose(key, valueBytes);
        return _wakes - before;
    }

    private void Propose(string key, int valueBytes = 10) => _proposed.Add(_leader.Replica.ProposeAsync(SteppedMember.Put(key, valueBytes)));
}
