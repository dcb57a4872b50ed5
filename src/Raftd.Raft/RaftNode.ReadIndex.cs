namespace Raftd.Raft;

/// <content>
/// Linearizable reads without a log entry (thesis 6.4).
///
/// The naive leader reads its own state and answers. It may have been replaced without knowing it, behind a broken link or
/// after a pause of its process, and then answers with values that a later leader has overwritten. So it proves first that
/// it led after the read arrived:
///
/// 1. A leader that has not committed in its term lets reads wait: its commit index may be behind what was answered
///    before it was elected (failure 4 of docs/failures.md).
/// 2. When no round is under way, one begins for all that wait. It takes the commit index and an id of its own.
/// 3. Heartbeats carry the id, answers repeat it. A majority that answers still followed this leader after the round
///    began, so no later leader can have committed anything before that moment.
/// 4. The round's reads are answered with its index; then the next round begins.
///
/// A round that is not confirmed is asked again at the next heartbeat, under a new id. An answer to any attempt counts,
/// because all were sent after the round's reads had arrived; what must never happen is that an answer to an old round
/// confirms a newer one (failure 5 of docs/failures.md), and ids are never reused: they count up from a seed that no
/// two starts share.
/// A follower forwards what waits as one batch, and passes the index on.
///
/// While no majority answers, the reader gives up and asks anew, again and again. So both sides forget: the caller says
/// what it has given up (<see cref="ForgetReads"/>), and a leader drops a forwarded batch that its sender no longer
/// repeats. What the core holds is bounded by what is asked within an election timeout, however long the silence lasts.
/// </content>
public sealed partial class RaftNode
{
    private sealed class ReadRound
    {
        public required ReadRequests Requests { get; init; }

        /// <summary>The commit index as of the beginning: no write acknowledged before these reads arrived is above it.</summary>
        public required ulong Index { get; init; }

        /// <summary>Of the first attempt. Answers to any id from here to <see cref="LastId"/> count.</summary>
        public required ulong FirstId { get; init; }

        /// <summary>The lease counts from here and not from the last attempt: the answer may be to the first.</summary>
        public required ulong StartedAtTick { get; init; }

        /// <summary>Of the latest attempt. Attempts have consecutive ids: a leader forwards nothing, and begins no other round
        /// meanwhile.</summary>
        public ulong LastId { get; set; }

        public List<NodeId> Acknowledged { get; } = [];

        public int Attempt => (int)(LastId - FirstId) + 1;

        // Wraps around correctly: both differences are taken from the first id.
        public bool Contains(ulong id) => id - FirstId <= LastId - FirstId;
    }

    private sealed record ForwardedReads(ulong Id, List<ulong> Contexts, ulong SentAtTick);

    private readonly List<ForwardedReads> _forwarded = [];
    private ReadRequests _waitingReads = new();
    private List<ulong> _readsToForward = [];
    private ReadRound? _readRound;
    private ulong _nextReadId;
    private ulong _leaseUntilTick;

    private bool AreReadsDue =>
        _readsToForward.Count > 0 || (_waitingReads.Count > 0 && _readRound is null && HasCommittedInTerm);

    private bool HasLease => _options.LeaseReads && HasCommittedInTerm && !_transferAttempted && _now < _leaseUntilTick;

    /// <summary>Reads, and batches of other members' reads, that wait for an answer.</summary>
    internal int HeldReads =>
        _waitingReads.Count + (_readRound?.Requests.Count ?? 0) + _readsToForward.Count + _forwarded.Sum(batch => batch.Contexts.Count);

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
            _waitingReads.Own.Add(context);
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

    /// <summary>No caller waits for these reads any more. They get no answer, and a round that only they needed ends.</summary>
    public void ForgetReads(IReadOnlySet<ulong> contexts)
    {
        _readsToForward.RemoveAll(contexts.Contains);
        foreach (var batch in _forwarded)
        {
            batch.Contexts.RemoveAll(contexts.Contains);
        }

        _forwarded.RemoveAll(static batch => batch.Contexts.Count == 0);
        _waitingReads.Forget(contexts);
        _readRound?.Requests.Forget(contexts);
        EndUnwantedRound();
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

            // At once and not with the next heartbeat: a read costs a round trip. Learners have no vote on who leads.
            foreach (var peer in _peers)
            {
                if (_readRound is not null && !peer.IsLearner)
                {
                    SendHeartbeat(peer);
                }
            }
        }
    }

    /// <remarks>
    /// The commit index is taken before the first heartbeat of the round leaves. Every write that was acknowledged before its
    /// reads arrived is at or below it, by this leader or, as step 1 ensures, by an earlier one.
    /// </remarks>
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
        _waitingReads = new ReadRequests();

        // A sole voter needs no answer.
        MaybeFinishReadRound();
    }

    /// <summary>At each heartbeat, because the last one or its answers may be lost.</summary>
    private void RetryReadRound()
    {
        if (_readRound is { Requests.Count: > 0 } round)
        {
            round.LastId = TakeReadId();
            Report(new ReadRoundRetried(round.LastId, round.Attempt));
        }
        else if (_options.LeaseReads && HasCommittedInTerm)
        {
            // No read waits for this round; it renews the lease.
            BeginReadRound();
        }
    }

    /// <summary>Once an election timeout. Members repeat a forwarded batch at each heartbeat, so one that was not repeated
    /// was given up.</summary>
    private void ForgetSilentReads()
    {
        _waitingReads.ForgetSilent();
        _readRound?.Requests.ForgetSilent();
        EndUnwantedRound();
    }

    /// <summary>Ends a round that no read waits for any more, so that waiting reads begin the next one at once and not after
    /// answers that may never come. With lease reads such a round still renews the lease.</summary>
    private void EndUnwantedRound()
    {
        if (_readRound is { Requests.Count: 0 } && !_options.LeaseReads)
        {
            _readRound = null;
        }
    }

    /// <remarks>An answer to an earlier round is of an earlier id and counts for nothing; one member counts once.</remarks>
    private void AcknowledgeReadRound(NodeId from, ulong readId)
    {
        if (readId != 0 && _readRound is { } round && round.Contains(readId) && !round.Acknowledged.Contains(from))
        {
            round.Acknowledged.Add(from);
            MaybeFinishReadRound();
        }
    }

    /// <remarks>
    /// The voters are counted by the configuration in force now, not by that at the round's beginning: a voter that has
    /// left since must not vouch for this leader. Recovering voters never come here (HandleHeartbeatResponse).
    /// </remarks>
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

        // Each member that answered elects no other leader for an election timeout from its answer, which came after the
        // round began. A quarter of that is given away to clocks that differ; see RaftOptions.LeaseReads.
        _leaseUntilTick = round.StartedAtTick + ((ulong)_options.ElectionTimeoutTicks * 3 / 4);
        _readRound = null;
        foreach (var context in round.Requests.Own)
        {
            _readStates.Add(new ReadState(context, round.Index));
        }

        foreach (var (from, batch) in round.Requests.Forwarded)
        {
            Send(new Message
            {
                Kind = MessageKind.MsgReadIndexResp,
                To = from,
                From = Id,
                Term = Term,
                ReadId = batch,
                Index = round.Index,
            });
        }
    }

    /// <remarks>
    /// A batch that the round under way holds already is only marked as repeated: that round began after the batch had come.
    /// Any other batch waits for the next round, because this one took its commit index before the batch came.
    /// </remarks>
    private void HandleReadIndex(Message m)
    {
        if (Role == RaftRole.Leader && !(_readRound?.Requests.TryRepeat(m.From, m.ReadId) ?? false))
        {
            _waitingReads.Forward(m.From, m.ReadId);
        }
    }

    private void HandleReadIndexResponse(Message m)
    {
        // The id is of this start of this member, so an answer to an earlier start finds no batch.
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
    /// A forwarded batch is sent again at each heartbeat interval under its own id. It never grows, so an answer to any copy
    /// was made after all its reads had arrived. When the leader is lost the batch fails, see SetLeader.
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

    /// <summary>Leadership is over. Reads of other members get no answer: they fail there when the leader changes.</summary>
    private void FailReads()
    {
        _failedReads.AddRange(_readRound?.Requests.Own ?? []);
        _failedReads.AddRange(_waitingReads.Own);
        _readRound = null;
        _waitingReads = new ReadRequests();
        _leaseUntilTick = 0;
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
