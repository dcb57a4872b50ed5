using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Node.Peers;
using Raftd.Node.Replication;
using Raftd.Peers;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

/// <summary>One attempt to send a snapshot: with which chunk it begins, how long it may take, and what ends it.</summary>
public sealed class SnapshotSendingTests : IDisposable
{
    private const ulong Peer = 2;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly ManualTime _time = new();
    private readonly HeldStream _stream = new();
    private readonly SteppedMember _leader;
    private readonly SpoolLease _lease;
    private readonly SnapshotOfferFrame _offer;
    private readonly SnapshotSending _sending;

    public SnapshotSendingTests()
    {
        _leader = SteppedMember.Leader(_time, Peer);
        _leader.Write(keys: 20);
        _lease = _leader.Spool();
        var snapshot = _lease.Snapshot;
        _offer = new SnapshotOfferFrame(
            Start: 7, snapshot.Id, (ulong)snapshot.ChunkCount, (ulong)snapshot.TotalBytes, SteppedMember.Heartbeat(1, Peer, 1));
        _sending = Attempt(NullLogger.Instance);
        _sending.Opened();
        _sending.Take();
    }

    public void Dispose()
    {
        _lease.Dispose();
        _leader.Dispose();
    }

    [Fact]
    public void Attempt_OffersOnceLetIn_AndSendsFromTheChunkThatTheReceiverWants()
    {
        var opening = Attempt(NullLogger.Instance);
        Assert.True(opening.Take().Bytes.IsEmpty);
        opening.Opened();
        Assert.Equal(_offer.Encode(), opening.Take().Bytes.ToArray());
        Assert.True(opening.Take().Bytes.IsEmpty);

        Say(opening, PeerFrame.Of(FrameKind.Resume, 2));

        for (var chunk = 2L; chunk < _lease.Snapshot.ChunkCount; chunk++)
        {
            var output = opening.Take();
            Assert.Equal(Chunk(chunk), output.Bytes.ToArray());
            Assert.False(output.IsLast);
        }

        Assert.True(opening.Take().IsLast);
        Say(opening, PeerFrame.Of(FrameKind.Installed, []));
        Assert.True(opening.IsInstalled && opening.IsOver);
    }

    [Fact]
    public void Declined_EndsTheAttempt_WithTheReceiversReason()
    {
        Say(PeerFrame.Declined("this member is ahead"));

        Assert.True(_sending.IsOver && !_sending.IsInstalled && _stream.IsAborted);
        Assert.Equal("this member is ahead", _sending.Failure);
        Assert.True(_sending.Take().Bytes.IsEmpty);
    }

    [Fact]
    public void Answers_ThatMakeNoSense_AreNoMembers()
    {
        Assert.Throws<InvalidDataException>(() => Say(PeerFrame.Of(FrameKind.Resume, _offer.Chunks + 1)));
        Say(PeerFrame.Of(FrameKind.Resume, 0));
        Assert.Throws<InvalidDataException>(() => Say(PeerFrame.Of(FrameKind.Resume, 1)));
    }

    /// <summary>It may take as long as it likes, while something moves: chunks that are taken, or bytes that arrive.</summary>
    [Fact]
    public void Progress_OfEitherKind_KeepsTheAttempt()
    {
        Say(PeerFrame.Of(FrameKind.Resume, 0));
        for (var i = 0; i < 3; i++)
        {
            PassAlmostTheLimit();
            _sending.Take();
        }

        for (var received = 1UL; received <= 3; received++)
        {
            PassAlmostTheLimit();
            Say(PeerFrame.Of(FrameKind.Progress, received));
        }

        Assert.False(_sending.IsOver);
    }

    [Fact]
    public void ReceiverThatStandsStill_EndsTheAttempt_HoweverOftenItSaysSo()
    {
        Say(PeerFrame.Of(FrameKind.Resume, 0));
        Say(PeerFrame.Of(FrameKind.Progress, 100));
        PassAlmostTheLimit();
        Say(PeerFrame.Of(FrameKind.Progress, 100));
        Assert.False(_sending.IsOver);

        Pass(Moment);

        Assert.True(_sending.IsOver && _stream.IsAborted);
        Assert.StartsWith("no progress", _sending.Failure, StringComparison.Ordinal);
    }

    /// <summary>All has arrived, and the receiver waits for its readers or its disk: that it speaks is enough.</summary>
    [Fact]
    public void Sender_ReceiverInstalls_WaitsForIt()
    {
        Say(PeerFrame.Of(FrameKind.Resume, 0));
        for (var i = 0; i < 3; i++)
        {
            Say(PeerFrame.Of(FrameKind.Progress, _offer.Bytes));
            PassAlmostTheLimit();
        }

        Assert.False(_sending.IsOver);
    }

    [Fact]
    public void Sender_OfferNeverAnswered_EndsTheAttempt()
    {
        Pass(SnapshotSending.SilenceLimit);

        Assert.True(_sending.IsOver && _stream.IsAborted);
    }

    [Fact]
    public void LogBehindIt_Lost_EndsTheAttempt()
    {
        Say(PeerFrame.Of(FrameKind.Resume, 0));
        _leader.LogPins.Restart(_leader.Applied + 2);

        Pass(Moment);

        Assert.True(_sending.IsOver && _stream.IsAborted);
    }

    /// <summary>The file is let go of once the attempt is over, so nothing may begin to read it again.</summary>
    [Fact]
    public void Answer_InTheMomentOfTheEnd_DoesNotReviveTheAttempt()
    {
        var log = new EndsAttempt();
        var sending = log.Sending = Attempt(log);
        sending.Opened();
        sending.Take();

        Say(sending, PeerFrame.Of(FrameKind.Resume, 0));

        Assert.True(log.HasEndedIt && sending.IsOver);
        sending.LetGo();
        Assert.True(sending.Take().Bytes.IsEmpty);
    }

    private SnapshotSending Attempt(ILogger logger) =>
        new(SteppedMember.Info(Peer), _offer, _lease, _time, logger) { Stream = _stream };

    private void Say(byte[] frame) => Say(_sending, frame);

    private static void Say(SnapshotSending sending, byte[] frame) => Assert.True(sending.Receive(frame));

    private void PassAlmostTheLimit() => Pass(SnapshotSending.SilenceLimit - Moment);

    private void Pass(TimeSpan time)
    {
        _time.Advance(time);
        _sending.Tick();
    }

    private byte[] Chunk(long number)
    {
        var output = new ArrayBufferWriter<byte>();
        _lease.ReadChunk(number, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Gives the attempt up while it is about to send: the line about that is where it can be caught.</summary>
    private sealed class EndsAttempt : ILogger
    {
        public SnapshotSending? Sending { get; set; }

        public bool HasEndedIt { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            HasEndedIt = true;
            Sending!.GiveUp("this member is stopping");
        }
    }
}
