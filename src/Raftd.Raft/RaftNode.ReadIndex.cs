namespace Raftd.Raft;

/// <content>
/// Linearizable reads without a log entry (thesis 6.4).
///
/// 1. A leader that has not committed in its term lets reads wait: its commit index may be behind what was answered
///    before it was elected (failure 4).
/// 2. When no round is under way, one begins for all that wait. It takes the commit index and an id of its own.
/// 3. Heartbeats carry the id, answers repeat it. A majority that answers still followed this leader after the round
///    began, so no later leader can have committed anything before that moment.
/// 4. The round's reads are answered with its index; then the next round begins.
///
/// A round that is not confirmed is asked again at the next heartbeat, under a new id. An answer to any attempt counts,
/// because all were sent after the round's reads had arrived; what must never happen is that an answer to an old round
/// confirms a newer one (failure 5), and ids are never reused: they count up from a seed that no two starts share.
/// A follower forwards what waits as one batch, and passes the index on.
/// </content>
public sealed partial class RaftNode
{
    private readonly record struct ReadRequest(NodeId From, ulong Context);

    private sealed class ReadRound
    {
        public required List<ReadRequest> Requests { get; init; }

        public required ulong Index { get; init; }

        public required ulong FirstId { get; init; }

        public required ulong StartedAtTick { get; init; }

        /// <summary>Of the latest attempt. Attempts have consecutive ids, no other round begins in between.</summary>
        public ulong LastId { get; set; }

        public List<NodeId> Acknowledged { get; } = [];

        public int Attempt => (int)(LastId - FirstId) + 1;

        // Wraps around correctly: both differences are taken from the first id.
        public bool Contains(ulong id) => id - FirstId <= LastId - FirstId;
    }

    private sealed record ForwardedReads(ulong Id, List<ulong> Contexts, ulong SentAtTick);

    private readonly List<ForwardedReads> _forwarded = [];
    private List<ReadRequest> _waitingReads = [];
    private List<ulong> _readsToForward = [];
    private ReadRound? _readRound;
    private ulong _nextReadId;
    private ulong _leaseUntilTick;

    private bool AreReadsDue =>
        _readsToForward.Count > 0 || (_waitingReads.Count > 0 && _readRound is null && HasCommittedInTerm);

    private bool HasLease => _options.LeaseReads && HasCommittedInTerm && !_transferAttempted && _now < _leaseUntilTick;

    /// <summary>
    /// Asks for an index at which a read that arrives now is linearizable. The answer is a <see cref="ReadState"/> with this
    /// context in a later Ready, or the context among <see cref="Ready.FailedReads"/>.
    /// </summary>
    public void RequestRead(ulong context)
    {
        if (HasLease)
        {
            _readStates.Add(new ReadState(context, Commit));
        }
        else if (Role == RaftRole.Leader)
        {
            _waitingReads.Add(new ReadRequest(Id, context));
        }
        else if (Leader.IsNone)
        {
            _failedReads.Add(context);
        }
        else
        {
            _readsToForward.Add(context);
        }
    }

    private void FlushReads()
    {
        if (_readsToForward.Count > 0)
        {
            var batch = new ForwardedReads(TakeReadId(), _readsToForward, _now);
            _readsToForward = [];
            _forwarded.Add(batch);
            SendForwarded(batch);
        }

        while (_waitingReads.Count > 0 && _readRound is null && HasCommittedInTerm)
        {
            BeginReadRound();
            foreach (var peer in _peers)
            {
                if (_readRound is not null && !peer.IsLearner)
                {
                    SendHeartbeat(peer);
                }
            }
        }
    }

    private void BeginReadRound()
    {
        var id = TakeReadId();
        _readRound = new ReadRound
        {
            Requests = _waitingReads,
            Index = Commit,
            FirstId = id,
            LastId = id,
            StartedAtTick = _now,
        };
        _waitingReads = [];
        MaybeFinishReadRound();
    }

    /// <summary>At each heartbeat: the answers to the last one, or it, may be lost.</summary>
    private void RetryReadRound()
    {
        if (_readRound is { Requests.Count: > 0 } round)
        {
            round.LastId = TakeReadId();
            Report(new ReadRoundRetried(round.LastId, round.Attempt));
        }
        else if (_options.LeaseReads && HasCommittedInTerm)
        {
            // A round for nobody keeps the lease.
            BeginReadRound();
        }
    }

    private void AcknowledgeReadRound(NodeId from, ulong readId)
    {
        if (readId != 0 && _readRound is { } round && round.Contains(readId) && !round.Acknowledged.Contains(from))
        {
            round.Acknowledged.Add(from);
            MaybeFinishReadRound();
        }
    }

    private void MaybeFinishReadRound()
    {
        var round = _readRound!;
        var votes = IsVoter ? 1 : 0;
        foreach (var id in round.Acknowledged)
        {
            votes += Configuration.IsVoter(id) ? 1 : 0;
        }

        if (votes < Quorum.Of(Configuration.Voters.Length))
        {
            return;
        }

        // A quarter of the promise is given away to clocks that differ; see RaftOptions.LeaseReads.
        _leaseUntilTick = round.StartedAtTick + ((ulong)_options.ElectionTimeoutTicks * 3 / 4);
        _readRound = null;
        foreach (var request in round.Requests)
        {
            AnswerRead(request, round.Index);
        }
    }

    private void AnswerRead(ReadRequest request, ulong index)
    {
        if (request.From == Id)
        {
            _readStates.Add(new ReadState(request.Context, index));
            return;
        }

        Send(new Message
        {
            Kind = MessageKind.MsgReadIndexResp,
            To = request.From,
            From = Id,
            Term = Term,
            ReadId = request.Context,
            Index = index,
        });
    }

    private void HandleReadIndex(Message m)
    {
        if (Role == RaftRole.Leader)
        {
            _waitingReads.Add(new ReadRequest(m.From, m.ReadId));
        }
    }

    private void HandleReadIndexResponse(Message m)
    {
        var at = _forwarded.FindIndex(batch => batch.Id == m.ReadId);
        if (at < 0 || m.From != Leader)
        {
            return;
        }

        foreach (var context in _forwarded[at].Contexts)
        {
            _readStates.Add(new ReadState(context, m.Index));
        }

        _forwarded.RemoveAt(at);
    }

    /// <summary>
    /// A forwarded batch is sent again at each heartbeat interval under its own id: it never grows, so whichever copy the
    /// leader answers, the answer was made after all its reads had arrived. A leader that is lost fails it, see SetLeader.
    /// </summary>
    private void TickForwardedReads()
    {
        for (var i = 0; i < _forwarded.Count; i++)
        {
            if (_now - _forwarded[i].SentAtTick >= (ulong)_options.HeartbeatTicks)
            {
                _forwarded[i] = _forwarded[i] with { SentAtTick = _now };
                SendForwarded(_forwarded[i]);
            }
        }
    }

    private void SendForwarded(ForwardedReads batch) =>
        Send(new Message { Kind = MessageKind.MsgReadIndex, To = Leader, From = Id, Term = Term, ReadId = batch.Id });

    private ulong TakeReadId()
    {
        _nextReadId++;

        // Zero on the wire means no round.
        return _nextReadId == 0 ? ++_nextReadId : _nextReadId;
    }

    /// <summary>Leadership is gone. Other members' reads are not answered: they fail when those see the leader change.</summary>
    private void FailReads()
    {
        foreach (var request in _readRound?.Requests ?? [])
        {
            FailRead(request);
        }

        foreach (var request in _waitingReads)
        {
            FailRead(request);
        }

        _readRound = null;
        _waitingReads.Clear();
        _leaseUntilTick = 0;
    }

    private void FailRead(ReadRequest request)
    {
        if (request.From == Id)
        {
            _failedReads.Add(request.Context);
        }
    }

    private void FailForwardedReads()
    {
        foreach (var batch in _forwarded)
        {
            _failedReads.AddRange(batch.Contexts);
        }

        _failedReads.AddRange(_readsToForward);
        _forwarded.Clear();
        _readsToForward.Clear();
    }
}
