using System.Text;
using System.Text.Json;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.State.Loops;

namespace Raftd.Peers.Forwarding;

/// <summary>The leader's end of a follower's stream of calls: takes items, and answers each when it has ended.</summary>
/// <remarks>What is under way for one stream is bounded in bytes: beyond that the stream is held, and the wire holds the
/// follower. A follower that does not read its answers loses the stream.</remarks>
internal sealed class CallSession(
    IIncomingStream stream, IProposer proposer, ILeaderView leaders, LeaderCallTable calls, LoopContext context, TimeProvider time) : IStreamMachine
{
    private const long MaxUnderWayBytes = 64 << 20;
    private const int MaxAnswerBytes = 64 << 20;

    // What an item weighs beside its body.
    private const int ItemBytes = 512;

    private readonly FrameParser _frames = new();
    private readonly OutputBuffer _answers = new(MaxAnswerBytes);
    private long _underWayBytes;

    public WireOutput Take() => new(_answers.Take());

    public bool Receive(ReadOnlySpan<byte> bytes)
    {
        _frames.Push(bytes);
        while (Interlocked.Read(ref _underWayBytes) < MaxUnderWayBytes)
        {
            if (!_frames.TryRead(out var kind, out var payload))
            {
                return true;
            }

            if (kind != FrameKind.Calls)
            {
                throw new InvalidDataException($"a {kind} does not belong on a stream of calls");
            }

            while (!payload.IsEmpty)
            {
                Begin(CallCodec.ReadItem(ref payload));
            }
        }

        return false;
    }

    public void Finished() => stream.Abort();

    /// <summary>What is under way goes on to its end: the follower was told, or will say, that it does not know.</summary>
    public void Closed(string reason) => _answers.Close();

    private void Begin(CallItem item)
    {
        Interlocked.Add(ref _underWayBytes, item.Body.Length + ItemBytes);
        if (item.Call.Length > 0)
        {
            context.Run(() => CallAsync(item));
        }
        else if (CommandCodec.LevelOf(item.Body.Span) > FeatureLevel.Newest)
        {
            // What only a newer build can read, the replica refuses for its level.
            Propose(item, item.Body);
        }
        else if (CommandCodec.TryDecode(item.Body, out var command))
        {
            var believed = Believed(command.Caller);
            Propose(
                item,
                believed == command.Caller ? item.Body : CommandCodec.Encode(command with { Caller = believed }, leaders.FeatureLevel));
        }
        else
        {
            // What cannot be applied must not enter the log: no member could get past it.
            Refuse(item, new StoreException(ErrorCode.BadRequest, $"{item.Body.Length} bytes that are no command"));
        }
    }

    private void Propose(CallItem item, ReadOnlyMemory<byte> command)
    {
        proposer.Propose(command, time.TimestampAfter(item.Left), outcome => Answer(item, outcome));
    }

    /// <summary>The caller that another member names, as far as it can be believed. What reaches the peer port has named a
    /// cluster and two members, and proved none of it: it could name any user, or the system. So it is nobody, as it would be
    /// at the client port.</summary>
    private static Caller Believed(Caller named) => named.Kind == CallerKind.Nobody ? named : Caller.Nobody;

    private async Task CallAsync(CallItem item)
    {
        try
        {
            Answer(item, AnswerKind.Done, (await calls.AnswerAsync(item.Call, Believed(item.Caller), item.Body)).Span);
        }
        catch (NotLeaderException elsewhere)
        {
            Answer(item, AnswerKind.NotLeader, Encoding.UTF8.GetBytes(elsewhere.Message));
        }
        catch (StoreException refusal)
        {
            Refuse(item, refusal);
        }
    }

    private void Answer(CallItem item, ProposalOutcome outcome)
    {
        switch (outcome.End)
        {
            case ProposalEnd.Applied:
                Answer(item, AnswerKind.Done, CommandResultCodec.Encode(outcome.Result!).Span);
                break;
            case ProposalEnd.NotProposed:
                Answer(item, AnswerKind.NotLeader, "this member does not lead"u8);
                break;
            case ProposalEnd.Unknown:
                Answer(item, AnswerKind.Lost, "the write was proposed and not confirmed in time"u8);
                break;
            default:
                Refuse(item, Refusals.Of(outcome));
                break;
        }
    }

    private void Refuse(CallItem item, StoreException refusal) => Answer(
        item, AnswerKind.Refused, JsonSerializer.SerializeToUtf8Bytes(CallError.Of(refusal), CallJson.Default.CallError));

    private void Answer(CallItem item, AnswerKind kind, ReadOnlySpan<byte> body)
    {
        Interlocked.Add(ref _underWayBytes, -(item.Body.Length + ItemBytes));
        Span<byte> head = stackalloc byte[PeerFrame.HeaderBytes + CallCodec.AnswerHeaderBytes];
        PeerFrame.WriteHeader(head, FrameKind.Answer, CallCodec.AnswerHeaderBytes + body.Length);
        CallCodec.WriteAnswerHead(head[PeerFrame.HeaderBytes..], item.Id, kind);
        if (_answers.TryWrite(head, body))
        {
            stream.Wake();
        }
        else
        {
            stream.Abort();
        }
    }
}
