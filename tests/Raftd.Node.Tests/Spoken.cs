using System.Buffers;
using Raftd.Contract;
using Raftd.Peers;
using Raftd.Peers.Forwarding;
using Raftd.Raft;
using Raftd.State.Commands;

namespace Raftd.Node.Tests;

/// <summary>What machines say on their streams, for the eyes of a test, and what is said to them.</summary>
internal static class Spoken
{
    public static List<(FrameKind Kind, byte[] Payload)> Frames(WireOutput output)
    {
        var parser = new FrameParser();
        parser.Push(output.Bytes.Span);
        var frames = new List<(FrameKind Kind, byte[] Payload)>();
        while (parser.TryRead(out var kind, out var payload))
        {
            frames.Add((kind, payload.ToArray()));
        }

        Assert.Equal(output.Bytes.Length, frames.Sum(static frame => PeerFrame.HeaderBytes + frame.Payload.Length));
        return frames;
    }

    public static List<CallItem> Items(WireOutput output)
    {
        var items = new List<CallItem>();
        foreach (var (kind, payload) in Frames(output))
        {
            Assert.Equal(FrameKind.Calls, kind);
            ReadOnlySpan<byte> batch = payload;
            while (!batch.IsEmpty)
            {
                items.Add(CallCodec.ReadItem(ref batch));
            }
        }

        return items;
    }

    /// <summary>One item for a leader, as a batch of its own.</summary>
    public static byte[] Call(ulong id, ReadOnlyMemory<byte> command, TimeSpan left)
    {
        var items = new ArrayBufferWriter<byte>();
        CallCodec.WriteItem(items, new ProposeRequest(command) { Id = id, Deadline = 0 }, caller: default, command.Span, left);
        return PeerFrame.Of(FrameKind.Calls, items.WrittenSpan);
    }

    /// <summary>Any other call, of a caller, for a leader of the newest level.</summary>
    public static byte[] Call<TRequest, TResponse>(ulong id, LeaderCall<TRequest, TResponse> call, Caller caller, TRequest request)
    {
        var items = new ArrayBufferWriter<byte>();
        var asked = new CallRequest<TRequest, TResponse>(call, request) { Id = id, Caller = caller, Deadline = 0 };
        CallCodec.WriteItem(
            items, asked, CallCodec.CallerOf(asked, FeatureLevel.Newest), asked.Body.Span, TimeSpan.FromSeconds(4));
        return PeerFrame.Of(FrameKind.Calls, items.WrittenSpan);
    }

    public static byte[] Answer(ulong id, AnswerKind kind, ReadOnlySpan<byte> body)
    {
        var answer = new byte[CallCodec.AnswerHeaderBytes + body.Length];
        CallCodec.WriteAnswerHead(answer, id, kind);
        body.CopyTo(answer.AsSpan(CallCodec.AnswerHeaderBytes));
        return PeerFrame.Of(FrameKind.Answer, answer);
    }

    public static List<(ulong Id, AnswerKind Kind)> Answers(WireOutput output) =>
        [.. Frames(output).Select(frame =>
        {
            CallCodec.ReadAnswer(frame.Payload, out var id, out var kind);
            return (id, kind);
        })];

    /// <summary>A receiver's frames: "Resume 2", "Progress 500", "Installed", "Declined why".</summary>
    public static string OfReceiver(WireOutput output) => string.Join(", ", Frames(output).Select(frame => frame.Kind switch
    {
        FrameKind.Resume or FrameKind.Progress => $"{frame.Kind} {PeerFrame.ReadNumber(frame.Kind, frame.Payload)}",
        FrameKind.Declined => $"{frame.Kind} {PeerFrame.ReadReason(frame.Payload)}",
        _ => $"{frame.Kind}",
    }));

    public static byte[] Of(Message message)
    {
        var bytes = new ArrayBufferWriter<byte>();
        MessageCodec.Encode(bytes, message);
        return PeerFrame.Of(FrameKind.Message, bytes.WrittenSpan);
    }
}
