// The stream of calls to the present leader, at the follower.
//
// What gathers while the wire is busy leaves as one batch. Answers come in any order, each when its item has ended. When
// the stream breaks, items that were never taken go back to the router, which looks for the leader again; of those that
// were, only an answer says whether they were done: what changes something is unknown and never sent again, the rest is.

using System.Buffers;
using System.Text;
using Raftd.Contract;
using Raftd.State.Leading;

namespace Raftd.Peers.Forwarding;

internal sealed class LeaderLink : IOutgoingStream
{
    private readonly LeaderRouter _router;
    private readonly TimeProvider _time;

    // Guards all below. Requests are ended outside it.
    private readonly Lock _gate = new();
    private readonly Queue<LeaderRequest> _waiting = new();
    private readonly Dictionary<ulong, LeaderRequest> _sent = [];
    private readonly FrameParser _frames = new();
    private readonly ArrayBufferWriter<byte> _items = new();
    private ArrayBufferWriter<byte> _output = new();
    private bool _isOpen;
    private bool _isOver;

    public LeaderLink(LeaderRouter router, string leader, TimeProvider time)
    {
        _router = router;
        _time = time;
        Leader = leader;
        OpenedAt = time.GetTimestamp();
    }

    /// <summary>The leader's label.</summary>
    public string Leader { get; }

    public long OpenedAt { get; }

    /// <summary>Null for a moment after it was opened.</summary>
    public IWireStream? Stream { get; set; }

    public bool IsOpen => _isOpen;

    public bool IsOver => _isOver;

    /// <returns>False when the stream is over: the request is the caller's again.</returns>
    public bool TrySend(LeaderRequest request)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return false;
            }

            _waiting.Enqueue(request);
            if (!_isOpen || _waiting.Count > 1)
            {
                return true;
            }
        }

        Stream!.Wake();
        return true;
    }

    public void Opened()
    {
        lock (_gate)
        {
            _isOpen = true;
        }

        Stream?.Wake();
    }

    /// <summary>The leader read nothing of it.</summary>
    public void Refused(int status, string reason) => End(reason);

    public WireOutput Take()
    {
        lock (_gate)
        {
            if (!_isOpen || _isOver || _waiting.Count == 0)
            {
                return WireOutput.Nothing;
            }

            _items.ResetWrittenCount();
            for (var count = 0; count < CallCodec.MaxItems && _waiting.TryPeek(out var request); count++)
            {
                if (!TryAddItem(request, isFirst: count == 0))
                {
                    break;
                }
            }

            return new WireOutput(Frame());
        }
    }

    public bool Receive(ReadOnlySpan<byte> bytes)
    {
        _frames.Push(bytes);
        while (_frames.TryRead(out var kind, out var payload))
        {
            if (kind != FrameKind.Answer)
            {
                throw new InvalidDataException($"a {kind} where answers are expected");
            }

            var body = CallCodec.ReadAnswer(payload, out var id, out var answer);
            Answered(id, answer, body);
        }

        return true;
    }

    public void Finished() => Stream?.Abort();

    public void Closed(string reason) => End(reason);

    /// <summary>Gives the stream up: this leader does not lead any more, or does not let it in.</summary>
    public void GiveUp(string reason)
    {
        End(reason);
        Stream!.Abort();
    }

    /// <summary>Another member leads: what was not sent goes there, what was is still answered here.</summary>
    public void Retire()
    {
        LeaderRequest[] unsent;
        lock (_gate)
        {
            unsent = [.. _waiting];
            _waiting.Clear();
        }

        foreach (var request in unsent)
        {
            _router.ComeBack(request, $"{Leader} does not lead any more");
        }
    }

    /// <summary>Nothing waits for an answer here.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count == 0 && _sent.Count == 0;
            }
        }
    }

    /// <summary>The request has ended here: an answer to it is not waited for.</summary>
    public void Forget(LeaderRequest request)
    {
        lock (_gate)
        {
            _sent.Remove(request.Id);
        }
    }

    private bool TryAddItem(LeaderRequest request, bool isFirst)
    {
        if (request.IsEnded)
        {
            _waiting.Dequeue();
            return true;
        }

        var body = request.Body.Span;
        var caller = CallCodec.CallerOf(request, _router.FeatureLevel);
        if (!isFirst && _items.WrittenCount + CallCodec.SizeOf(request, caller, body) > CallCodec.MaxBytes)
        {
            return false;
        }

        _waiting.Dequeue();
        request.IsUnderWay = true;
        _sent.Add(request.Id, request);
        CallCodec.WriteItem(_items, request, caller, body, _time.GetElapsedTime(_time.GetTimestamp(), request.Deadline));
        return true;
    }

    private ReadOnlyMemory<byte> Frame()
    {
        if (_items.WrittenCount == 0)
        {
            return default;
        }

        if (_output.Capacity > 4 * CallCodec.MaxBytes)
        {
            _output = new ArrayBufferWriter<byte>();
        }

        _output.ResetWrittenCount();
        PeerFrame.WriteHeader(_output.GetSpan(PeerFrame.HeaderBytes), FrameKind.Calls, _items.WrittenCount);
        _output.Advance(PeerFrame.HeaderBytes);
        _output.Write(_items.WrittenSpan);
        return _output.WrittenMemory;
    }

    private void Answered(ulong id, AnswerKind kind, ReadOnlySpan<byte> body)
    {
        LeaderRequest? request;
        lock (_gate)
        {
            // One that is not there has ended at its deadline.
            if (!_sent.Remove(id, out request))
            {
                return;
            }
        }

        switch (kind)
        {
            case AnswerKind.Done:
                request.Answered(body.ToArray());
                break;
            case AnswerKind.Refused:
                request.Failed(ReadRefusal(body));
                break;
            case AnswerKind.NotLeader:
                _router.ComeBack(request, Encoding.UTF8.GetString(body));
                break;
            default:
                Lose(request, Encoding.UTF8.GetString(body));
                break;
        }
    }

    private static StoreException ReadRefusal(ReadOnlySpan<byte> body) =>
        ForeignJson.TryRead(body, CallJson.Default.CallError, out var refusal)
            ? refusal.ToException()
            : Refusals.Unknown("the leader's refusal cannot be read");

    private void End(string reason)
    {
        LeaderRequest[] unsent;
        LeaderRequest[] sent;
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            unsent = [.. _waiting];
            sent = [.. _sent.Values];
            _waiting.Clear();
            _sent.Clear();
        }

        foreach (var request in unsent)
        {
            _router.ComeBack(request, $"the leader {Leader} cannot be reached: {reason}");
        }

        foreach (var request in sent)
        {
            Lose(request, $"the connection to the leader {Leader} was lost before it answered");
        }
    }

    private void Lose(LeaderRequest request, string reason)
    {
        if (request.ChangesState)
        {
            request.Lost(reason);
        }
        else
        {
            _router.ComeBack(request, reason);
        }
    }
}
