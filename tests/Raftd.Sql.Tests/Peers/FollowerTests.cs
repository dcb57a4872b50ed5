using Raftd.Contract;
using Raftd.Peers;
using Raftd.Peers.Forwarding;

namespace Raftd.Sql.Tests.Peers;

/// <summary>A front and its leader, step by step: which writes go there, which are committed here, and which nobody may do again.</summary>
public sealed class FollowerTests : IDisposable
{
    private readonly SteppedFollower _front = new();

    public void Dispose() => _front.Dispose();

    [Fact]
    public async Task Write_GoesToTheLeaderThatIsHeard_AndIsAnsweredByIt()
    {
        _front.Connect();
        var put = _front.Put("sent");
        var id = _front.TakeCall();

        Assert.NotEqual(0UL, id);
        Assert.False(_front.Has("sent"));
        _front.Answer(id, AnswerKind.Done, SteppedFollower.PutResult(44));
        Assert.Equal(44, (await put).Revision);
        Assert.False(_front.Has("sent"));
    }

    [Fact]
    public async Task Write_BeforeTheLeaderIsHeard_IsCommittedHere()
    {
        await _front.Put("here");
        Assert.True(_front.Has("here") && _front.HasCommittedItself);
    }

    [Fact]
    public async Task Write_WhoseStreamIsNotOpen_WaitsForNothing()
    {
        _front.Hear();
        await _front.Put("here");
        Assert.True(_front.Has("here"));
    }

    [Fact]
    public async Task Write_ThatDidNotLeave_IsCommittedHereWhenTheStreamBreaks()
    {
        _front.Connect();
        var put = _front.Put("here");
        _front.Proposals.Machine.Closed("the connection broke");
        _front.Run();

        await put;
        Assert.True(_front.Has("here"));
    }

    [Fact]
    public async Task Write_ThatLeft_IsUnknownWhenTheStreamBreaks_AndNotDoneAgain()
    {
        _front.Connect();
        var put = _front.Put("sent");
        Assert.NotEqual(0UL, _front.TakeCall());
        _front.Proposals.Machine.Closed("the connection broke");
        _front.Run();

        var refused = await Assert.ThrowsAsync<StoreException>(() => put);
        Assert.Equal(ErrorCode.UnknownOutcome, refused.Code);
        Assert.False(_front.Has("sent"));
    }

    [Fact]
    public async Task Write_ThatTheOtherOneDidNotPropose_IsCommittedHere()
    {
        _front.Connect();
        var put = _front.Put("here");
        _front.Answer(_front.TakeCall(), AnswerKind.NotLeader, "this front does not lead"u8);

        await put;
        Assert.True(_front.Has("here"));
    }

    /// <summary>A leader that stands still: its connections stay open.</summary>
    [Fact]
    public async Task Leader_FallsSilent_NewWritesAreCommittedHere_AndSentOnesEndAsUnknownInTime()
    {
        _front.Connect();
        var sent = _front.Put("sent");
        Assert.NotEqual(0UL, _front.TakeCall());
        _front.Time.Seconds(0.4);
        _front.Tick();
        var unsent = _front.Put("unsent");
        Assert.False(_front.Has("unsent"));

        _front.Time.Seconds(0.2);
        _front.Tick();
        await _front.Put("new");
        Assert.True(_front.Has("new"));
        await unsent;
        Assert.True(_front.Has("unsent"));
        Assert.False(sent.IsCompleted);

        _front.Time.Advance(SteppedFollower.Limits.RequestTimeLimit);
        _front.Tick();
        _front.Time.Seconds(1);
        _front.Tick();
        Assert.Equal(ErrorCode.UnknownOutcome, (await Assert.ThrowsAsync<StoreException>(() => sent)).Code);
        Assert.False(_front.Has("sent"));
    }

    [Fact]
    public async Task Leader_IsHeardAgain_GetsWritesAgain()
    {
        _front.Connect();
        _front.Time.Seconds(1);
        _front.Tick();
        await _front.Put("here");

        _front.Hear();
        await _front.Put("opens the stream");
        _front.Proposals.Machine.Opened();
        _ = _front.Put("sent");
        Assert.NotEqual(0UL, _front.TakeCall());
        Assert.False(_front.Has("sent"));
    }

    [Fact]
    public void Hints_ThatMakeNoSense_EndTheStream()
    {
        _front.Hear();
        Assert.Throws<InvalidDataException>(() => _front.Hints.Machine.Receive(PeerFrame.Of(FrameKind.Answer, 1UL)));
        Assert.Throws<InvalidDataException>(() => _front.Hints.Machine.Receive(PeerFrame.Of(FrameKind.Hint, [1, 2, 3])));
    }

    /// <summary>What a hint says is looked up, and not believed: one look is all that it comes to.</summary>
    [Fact]
    public async Task Hint_OfARowThatIsNotThere_IsLookedUpOnce()
    {
        _front.Time.Seconds(0.01);
        _front.Hear(seq: 1000);
        Assert.Null(_front.NextLook);

        await _front.Put("here");
        Assert.True(_front.Has("here"));
    }

    /// <summary>A leader may commit a thousand batches a second.</summary>
    [Fact]
    public void Hints_OneBehindTheOther_WaitForThePauseBetweenLooks()
    {
        _front.Time.Seconds(0.01);
        _front.Hear(seq: 1000);
        _front.Hear(seq: 1001);
        Assert.NotNull(_front.NextLook);

        _front.Time.Seconds(0.01);
        _front.Run();
        Assert.Null(_front.NextLook);
    }

    [Theory]
    [InlineData(2, 5, 0, PeerPaths.Proposals, PeerStatus.Conflict)]
    [InlineData(1, 6, 0, PeerPaths.Proposals, PeerStatus.Conflict)]
    [InlineData(1, 5, 1, PeerPaths.Proposals, PeerStatus.Conflict)]
    [InlineData(1, 5, -1, PeerPaths.Proposals, PeerStatus.Conflict)]
    [InlineData(1, 5, 0, PeerPaths.Hints, PeerStatus.Unavailable)]
    [InlineData(1, 5, 0, PeerPaths.Entries, PeerStatus.NotFound)]
    public void Caller_OfAnotherDatabaseOrStartOrBuild_IsRefused(ulong cluster, ulong to, int level, string path, int status)
    {
        var stream = new Node.Tests.HeldStream();
        var caller = new PeerHandshake(cluster, SteppedFollower.LeaderId, to, "leader", "follower");
        _front.Door.Knock(caller with { Level = caller.Level + level }, path, stream);
        Assert.Equal(status, stream.Status);
    }
}
