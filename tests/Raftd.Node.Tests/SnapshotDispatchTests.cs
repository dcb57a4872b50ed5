using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Node.Peers;
using Raftd.Peers;
using Raftd.Raft;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

/// <summary>Snapshots on their way out: one for each peer at a time, one report for each start, the same snapshot again.</summary>
public sealed class SnapshotDispatchTests : IDisposable
{
    private const ulong Peer = 2;
    private const ulong Start = 7;

    private readonly ManualTime _time = new();
    private readonly HeldWire _wire = new();
    private readonly SteppedMember _leader;
    private readonly SnapshotDispatch _dispatch;

    public SnapshotDispatchTests()
    {
        _leader = SteppedMember.Leader(_time, Peer);
        _leader.Write(keys: 20);
        var options = new PeerLoopOptions
        {
            Self = _leader.Self,
            Start = Start,
            DataDirectory = "/data",
            HttpAddress = "",
            PeerAddress = "",
            RequestTimeLimit = TimeSpan.FromSeconds(5),
            DrawMemberId = static instance => instance,
            MaxLeaseKeys = 1,
            QuotaBytes = 1 << 30,
        };
        _dispatch = new SnapshotDispatch(
            options, _wire, _leader.Spooler, _leader.PeerPins, _leader.Replica, _time, NullLogger.Instance);
    }

    public void Dispose()
    {
        _dispatch.Close();
        _leader.Dispose();
    }

    [Fact]
    public void SecondRequest_WhileOneIsUnderWay_OpensNoOtherStream()
    {
        Begin();
        Begin();

        var call = Assert.Single(_wire.Calls);
        Assert.Equal((PeerPaths.Snapshot, Peer), (call.Path, call.Hello.To));
    }

    /// <summary>The core waits for the report of each end, and may ask again as soon as it has it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void End_IsReportedOnce_AndTheNextAttemptOffersTheSameSnapshot(bool isInstalled)
    {
        Begin();
        var first = Offer(_wire.Calls[0]);
        Assert.False(_leader.Replica.Step());

        var end = isInstalled ? PeerFrame.Of(FrameKind.Installed, []) : PeerFrame.Declined("not now");
        Assert.True(_wire.Calls[0].Machine.Receive(end));
        _dispatch.Tick();
        Assert.True(_leader.Replica.Step());
        _dispatch.Tick();
        Assert.False(_leader.Replica.Step());

        Begin();
        Assert.Equal(2, _wire.Calls.Count);
        var second = Offer(_wire.Calls[1]);
        Assert.Equal((Start, first.Snapshot, first.Chunks, first.Bytes), (second.Start, second.Snapshot, second.Chunks, second.Bytes));
    }

    [Fact]
    public void Offer_OfASpooledSnapshot_SaysWhatItSaysOfItself()
    {
        Begin();

        var offer = Offer(_wire.Calls[0]);

        var snapshot = Assert.IsType<SnapshotMetadata>(offer.Header.Snapshot);
        Assert.Equal(_leader.Applied, snapshot.Id.Index);
        Assert.True(snapshot.Configuration.IsVoter(new NodeId(1)));
    }

    [Fact]
    public void Close_EndsWhatIsUnderWay_AndNothingBeginsAnyMore()
    {
        Begin();

        _dispatch.Close();

        Assert.True(_wire.Calls[0].Stream.IsAborted);
        Begin();
        Assert.Single(_wire.Calls);
    }

    private void Begin()
    {
        _dispatch.Start(SteppedMember.Info(Peer), new Message
        {
            Kind = MessageKind.MsgSnap,
            From = new NodeId(1),
            To = new NodeId(Peer),
            Term = _leader.Replica.Status.Term,
        });
        _leader.Spooler.Tick();
        _leader.Run();
        _dispatch.Tick();
    }

    private static SnapshotOfferFrame Offer(HeldCall call)
    {
        call.Machine.Opened();
        var (kind, payload) = Assert.Single(Spoken.Frames(call.Machine.Take()));
        return SnapshotOfferFrame.Read(call.Hello, kind, payload);
    }
}
