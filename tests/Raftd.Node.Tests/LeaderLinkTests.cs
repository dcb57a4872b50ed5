using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Peers;
using Raftd.Peers.Forwarding;
using Raftd.State.Commands;
using Raftd.State.Loops;

namespace Raftd.Node.Tests;

/// <summary>The stream of calls at the follower: what leaves with what, and what a break leaves unknown.</summary>
public sealed class LeaderLinkTests : IClassFixture<LoneNode>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly LeaderRouter _router;
    private readonly LeaderLink _link;
    private ulong _lastId;

    public LeaderLinkTests(LoneNode lone)
    {
        var self = new PeerIdentity(ClusterId: 5, Id: 6, "one");
        _router = new LeaderRouter(
            self, lone.Node.Member!.Replica, lone.Node.Member.Replica, wire: null!, new LoopContext(), Limit, TimeProvider.System, NullLogger.Instance);
        _link = new LeaderLink(_router, "two", TimeProvider.System) { Stream = new HeldStream() };
        _link.Opened();
    }

    [Fact]
    public void WhatGathers_LeavesInBatches_OfSoManyItems()
    {
        for (var i = 0; i < CallCodec.MaxItems + 10; i++)
        {
            Send(bodyBytes: 10);
        }

        Assert.Equal([CallCodec.MaxItems, 10, 0], [TakeItems().Count, TakeItems().Count, TakeItems().Count]);
    }

    [Fact]
    public void Items_ThatGather_LeaveInBatchesOfSoManyBytesAndALargerOneAlone()
    {
        Send(bodyBytes: CallCodec.MaxBytes / 2);
        Send(bodyBytes: CallCodec.MaxBytes / 2);
        Send(bodyBytes: 3 * CallCodec.MaxBytes);
        Send(bodyBytes: 10);

        Assert.Equal([1, 1, 1, 1], [TakeItems().Count, TakeItems().Count, TakeItems().Count, TakeItems().Count]);
    }

    [Fact]
    public async Task Answers_InAnyOrder_EndTheirOwnCallsAsync()
    {
        var first = Send(bodyBytes: 1);
        var second = Send(bodyBytes: 1);
        TakeItems();

        Answer(second, AnswerKind.Done, CommandResultCodec.Encode(new DoneResult(7)).Span);
        Assert.Equal(7, (await second.Task).Revision);
        Assert.False(first.IsEnded);

        Answer(first, AnswerKind.NotLeader, "I do not lead"u8);
        Assert.False(first.IsEnded || first.IsUnderWay);
    }

    /// <summary>What cannot be read is no answer: the write may have been done.</summary>
    [Theory]
    [InlineData(AnswerKind.Refused, "null")]
    [InlineData(AnswerKind.Refused, "{")]
    [InlineData(AnswerKind.Done, "null")]
    public async Task Answer_Unreadable_LeavesTheOutcomeUnknownAsync(object kind, string body)
    {
        var request = Send(bodyBytes: 1);
        TakeItems();

        Answer(request, (AnswerKind)kind, Encoding.UTF8.GetBytes(body));

        Assert.True(request.IsEnded);
        Assert.Equal(ErrorCode.UnknownOutcome, (await Assert.ThrowsAsync<StoreException>(() => request.Task)).Code);
    }

    /// <summary>A stream that breaks: what was never sent may go elsewhere, what was sent is not known and never sent again.</summary>
    [Fact]
    public async Task Break_LeavesUnknownWhatWasSent_AndOnlyThatAsync()
    {
        var sent = Send(bodyBytes: 1);
        TakeItems();
        var waiting = Send(bodyBytes: 1);

        _link.Closed("the cable was cut");

        Assert.True(sent.IsEnded);
        Assert.Equal(ErrorCode.UnknownOutcome, (await Assert.ThrowsAsync<StoreException>(() => sent.Task)).Code);
        Assert.False(waiting.IsEnded || waiting.IsUnderWay);
        Assert.Contains("the cable was cut", waiting.LastReason, StringComparison.Ordinal);
        Assert.False(_link.TrySend(waiting));
    }

    /// <summary>A connection that was never made means "not sent".</summary>
    [Fact]
    public void Stream_NotLetIn_HasSentNothing()
    {
        var link = new LeaderLink(_router, "two", TimeProvider.System) { Stream = new HeldStream() };
        var request = Request(bodyBytes: 1);
        Assert.True(link.TrySend(request));
        Assert.True(link.Take().Bytes.IsEmpty);

        link.Refused(PeerStatus.Unavailable, "not yet");

        Assert.False(request.IsEnded || request.IsUnderWay);
    }

    private ProposeRequest Send(int bodyBytes)
    {
        var request = Request(bodyBytes);
        Assert.True(_link.TrySend(request));
        return request;
    }

    private ProposeRequest Request(int bodyBytes) => new(new byte[bodyBytes])
    {
        Id = ++_lastId,
        Deadline = TimeProvider.System.GetTimestamp() + TimeProvider.System.TimestampFrequency,
    };

    private List<CallItem> TakeItems() => Spoken.Items(_link.Take());

    private void Answer(LeaderRequest request, AnswerKind kind, ReadOnlySpan<byte> body) =>
        _link.Receive(Spoken.Answer(request.Id, kind, body));
}
