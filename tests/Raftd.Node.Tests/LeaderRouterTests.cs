using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Peers;
using Raftd.Peers.Forwarding;
using Raftd.State.Commands;
using Raftd.State.Loops;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

/// <summary>The way to the leader: each request has a time of its own, and a stream that breaks leaves unknown only what was
/// sent and would change something.</summary>
public sealed class LeaderRouterTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan BeforeTheNextStream = TimeSpan.FromMilliseconds(100);

    private static readonly LeaderCall<long, ulong> Change = Call("change", changesState: true);
    private static readonly LeaderCall<long, ulong> Question = Call("question", changesState: false);

    private readonly ManualTime _time = new();
    private readonly HeldWire _wire = new();
    private readonly SteppedMember _member;
    private readonly LeaderRouter _router;

    public LeaderRouterTests()
    {
        _member = SteppedMember.Newcomer(2, _time, [1]);
        _member.Hear(leader: 1, term: 1);
        _router = new LeaderRouter(
            _member.Self.Peer, _member.Replica, _member.Replica, _wire, new LoopContext(), Limit, _time, NullLogger.Instance);
    }

    private HeldCall Stream => _wire.Calls[^1];

    public void Dispose()
    {
        _router.Close();
        _member.Dispose();
    }

    [Fact]
    public void Items_OfDifferentDeadlines_SayHowLongTheirOwnCallersStillWait()
    {
        _ = Propose();
        Pass(TimeSpan.FromSeconds(2));
        _ = Propose();
        Pass(TimeSpan.FromSeconds(1));
        Stream.Machine.Opened();

        Assert.Equal(
            [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)], Spoken.Items(Stream.Machine.Take()).Select(item => item.Left));
    }

    /// <summary>What was sent is unknown, a little later than its time is up: its answer may be on its way.</summary>
    [Fact]
    public async Task TimeIsUp_OfOne_EndsThatOneAsync()
    {
        var first = Propose();
        Stream.Machine.Opened();
        Stream.Machine.Take();
        Pass(TimeSpan.FromSeconds(2));
        var second = Propose();
        var id = Assert.Single(Spoken.Items(Stream.Machine.Take())).Id;

        Pass(TimeSpan.FromSeconds(3) + AnswerTime - Moment);
        Assert.False(first.IsCompleted);
        Pass(Moment);

        Assert.Equal(ErrorCode.UnknownOutcome, await CodeAsync(first));
        Assert.False(second.IsCompleted);
        Assert.True(Stream.Machine.Receive(Done(id)));
        Assert.Equal(9, (await second).Revision);
    }

    [Fact]
    public async Task AnswerThatIsOnItsWay_WhenTheTimeIsUp_CountsAsync()
    {
        var proposal = Propose();
        Stream.Machine.Opened();
        var id = Assert.Single(Spoken.Items(Stream.Machine.Take())).Id;

        Pass(Limit + (AnswerTime / 2));
        Assert.True(Stream.Machine.Receive(Done(id)));

        Assert.Equal(9, (await proposal).Revision);
    }

    /// <summary>Nothing was sent, so nothing is unknown.</summary>
    [Fact]
    public async Task TimeIsUp_OfWhatWasNeverSent_IsNoLeaderAsync()
    {
        var proposal = Propose();

        Pass(Limit - Moment);
        Assert.False(proposal.IsCompleted);
        Pass(Moment);

        Assert.Equal(ErrorCode.NoLeader, await CodeAsync(proposal));
    }

    [Fact]
    public async Task Break_LeavesUnknownWhatWouldChangeSomething_AndTheRestIsAskedAgainAsync()
    {
        var change = _router.CallAsync(Change, Caller.Nobody, 1);
        var question = _router.CallAsync(Question, Caller.Nobody, 2);
        var former = Stream.Machine;
        former.Opened();
        Assert.Equal("change question", Names(former.Take()));
        var unsent = _router.CallAsync(Change, Caller.Nobody, 3);

        former.Closed("the cable was cut");
        Pass(BeforeTheNextStream);

        Assert.Equal(ErrorCode.UnknownOutcome, await CodeAsync(change));
        Assert.NotSame(former, Stream.Machine);
        Stream.Machine.Opened();
        Assert.Equal("change question", Names(Stream.Machine.Take()));
        Assert.False(question.IsCompleted || unsent.IsCompleted);
    }

    private Task<CommandResult> Propose() => _router.ProposeAsync(SteppedMember.Put("k", 10));

    private void Pass(TimeSpan time)
    {
        _time.Advance(time);
        _router.Tick();
    }

    private static byte[] Done(ulong id) =>
        Spoken.Answer(id, AnswerKind.Done, CommandResultCodec.Encode(new DoneResult(9)).Span);

    private static string Names(WireOutput output) =>
        string.Join(' ', Spoken.Items(output).Select(item => item.Call).Order(StringComparer.Ordinal));

    private static async Task<ErrorCode> CodeAsync<T>(Task<T> ended)
    {
        Assert.True(ended.IsCompleted, "its caller still waits");
        return (await Assert.ThrowsAsync<StoreException>(() => ended)).Code;
    }

    private static LeaderCall<long, ulong> Call(string name, bool changesState) => new(
        name, CallJson.Default.Int64, CallJson.Default.UInt64, changesState,
        static (_, _) => throw new NotSupportedException("this member does not lead"));
}
