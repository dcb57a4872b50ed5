using Raftd.Contract;
using Raftd.Node.Service;
using Raftd.Peers.Forwarding;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.State.Loops;
using Raftd.Testing;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

/// <summary>The leader's end of a stream of calls: each item is answered when it has ended, at its own deadline at the latest;
/// what is under way for one stream is bounded.</summary>
public sealed class CallSessionTests : IDisposable
{
    private const long MaxUnderWayBytes = 64 << 20;

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(4);

    private readonly ManualTime _time = new();
    private SteppedMember? _member;

    public void Dispose() => _member?.Dispose();

    [Fact]
    public void Answers_ItemsEndOutOfOrder_LeaveInTheOrderOfTheirEnds()
    {
        var session = Session(SteppedMember.Leader(_time));
        session.Receive(Spoken.Call(1, SteppedMember.Put("k", 10), Long));
        session.Receive(Spoken.Call(2, SteppedMember.Put("k", 10)[..3], Long));

        Assert.Equal([(2UL, AnswerKind.Refused)], Spoken.Answers(session.Take()));
        _member!.Run();
        Assert.Equal([(1UL, AnswerKind.Done)], Spoken.Answers(session.Take()));
    }

    /// <summary>The leader's disk hangs: who waits for less long is told first.</summary>
    [Fact]
    public void Item_WithoutAnEnd_IsLostAtItsOwnDeadline()
    {
        var session = Session(SteppedMember.Leader(_time));
        session.Receive(Spoken.Call(1, SteppedMember.Put("k", 10), Long));
        session.Receive(Spoken.Call(2, SteppedMember.Put("k", 10), TimeSpan.FromSeconds(1)));
        _member!.Replica.Step();

        Pass(TimeSpan.FromSeconds(1));
        Assert.Equal([(2UL, AnswerKind.Lost)], Spoken.Answers(session.Take()));
        Pass(Long);
        Assert.Equal([(1UL, AnswerKind.Lost)], Spoken.Answers(session.Take()));
    }

    /// <summary>A follower that brings more than its leader gets done is held back, by bytes, until answers have left.</summary>
    [Fact]
    public void MoreThanTheBoundUnderWay_HoldsTheStream_UntilItemsHaveEnded()
    {
        const int valueBytes = 1 << 20;
        var session = Session(SteppedMember.Newcomer(2, _time, [1]));
        var put = SteppedMember.Put("k", valueBytes);
        var taken = 1UL;
        while (session.Receive(Spoken.Call(taken, put, Long)))
        {
            Assert.InRange((long)++taken * valueBytes, 0, MaxUnderWayBytes + valueBytes);
        }

        Assert.Equal(MaxUnderWayBytes, (long)taken * valueBytes);
        Assert.False(session.Receive([]));

        _member!.Run();
        Assert.True(session.Receive([]));
        Assert.Equal(taken, (ulong)Spoken.Answers(session.Take()).Count);
    }

    /// <summary>No connection between members proves anything yet, so any process could name a user, or the system. A user would
    /// be refused in apply, and what only level 2 can say before that.</summary>
    [Theory]
    [MemberData(nameof(NamedCallers))]
    public void Proposal_NamesItsCaller_IsNobodys(Caller caller)
    {
        var session = Session(SteppedMember.Leader(_time));
        var put = new CommandFactory(caller, FeatureLevel.Newest).Put(new PutRequest { Key = "k"u8.ToArray(), Value = "v"u8.ToArray() });
        session.Receive(Spoken.Call(1, put, Long));
        _member!.Run();

        Assert.Equal([(1UL, AnswerKind.Done)], Spoken.Answers(session.Take()));
        Assert.Equal(Caller.Nobody, Assert.IsType<PutCommand>(_member.LastCommand).Caller);
        Assert.Equal("v"u8, Assert.IsType<PutCommand>(_member.LastCommand).Value.Span);
    }

    [Theory]
    [MemberData(nameof(NamedCallers))]
    public void Call_NamesItsCaller_IsNobodys(Caller caller)
    {
        const long lease = 7;
        _member = SteppedMember.Leader(_time);
        _ = _member.Replica.ProposeAsync(By.Nobody.LeaseGrant(lease, "name", 60, unique: false, LeaseKind.Rest));
        _member.Run();
        var context = new LoopContext();
        var calls = new LeaderCalls(
            new LeaseKeeper(_member.Replica, _member.Replica, _member.State, _member.State, _member.Lessor, maxLeaseKeys: 3), members: null!);
        var session = new CallSession(new HeldStream(), _member.Replica, _member.Replica, calls.Table(), context, _time);

        session.Receive(Spoken.Call(
            1, calls.Leases.KeepAlive, caller, new LeaseKeepAliveRequest { Id = lease, Key = "k"u8.ToArray(), Data = "v"u8.ToArray() }));
        while (context.Step())
        {
            _member.Run();
        }

        Assert.Equal([(1UL, AnswerKind.Done)], Spoken.Answers(session.Take()));
        Assert.Equal(Caller.Nobody, Assert.IsType<LeaseKeepAliveCommand>(_member.LastCommand).Caller);
    }

    public static TheoryData<Caller> NamedCallers => [Caller.User("alice"), Caller.System];

    private CallSession Session(SteppedMember member)
    {
        _member = member;
        return new CallSession(new HeldStream(), member.Replica, member.Replica, calls: null!, new LoopContext(), _time);
    }

    private void Pass(TimeSpan time)
    {
        _time.Advance(time);
        _member!.Replica.Tick();
    }
}
