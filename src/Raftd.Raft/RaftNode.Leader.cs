namespace Raftd.Raft;

/// <content>
/// The leader: proposals, the answers of its peers, commitment.
///
/// The naive leader commits an entry once a majority has it. With an entry of an earlier term that is wrong: a majority may
/// have it and a later leader may still overwrite it, since another log can be more up to date (paper, Figure 8). So:
///
/// 1. A proposal is appended in memory, then written here and sent to the peers at the same time (thesis 10.2.1).
/// 2. A peer acknowledges an index once its log is durable up to it and equal to this one: its Match.
/// 3. The commit index is the highest index that a majority of voters has durably, this member's own disk among them, as
///    soon as that index is of this term. Everything below it is committed with it.
/// 4. Peers learn the commit index from the next append or heartbeat.
///
/// Match is the one number that a commit rests on, so it only rises: late and doubled answers cannot move it back, and
/// answers to an earlier leadership are of a lower term. The one exception is a peer that reports a loss
/// (RaftNode.Recovery.cs). That moves no commit index back.
///
/// Proposals that are not committed are bounded in bytes: a leader that is cut off and has not noticed yet takes in no
/// more than that. Refusing them is honest, because nothing of a refused batch is in any log.
/// </content>
public sealed partial class RaftNode
{
    /// <summary>Sizes of the proposals of this term that are not committed, one item for each batch.</summary>
    private readonly Queue<(ulong LastIndex, long Bytes)> _uncommitted = new();

    /// <summary>The sum over <see cref="_uncommitted"/>. Configurations and the first entry of the term are never refused, and so
    /// not counted.</summary>
    private long _uncommittedBytes;

    /// <summary>Ascending by id, so that messages leave in the same order in every run.</summary>
    private Progress[] _peers = [];

    /// <summary>Where the empty first entry of this leadership stands. Only indexes from here on are committed by counting. Says
    /// nothing on a member that does not lead.</summary>
    private ulong _firstIndexOfTerm;

    /// <summary>Appends a batch to the leader's log: all of it or nothing.</summary>
    /// <param name="batch">The data of one normal entry each. The memory belongs to the log from here on.</param>
    /// <param name="first">Where the first of them stands; the others follow. Default unless accepted.</param>
    public ProposeResult Propose(ReadOnlySpan<ReadOnlyMemory<byte>> batch, out EntryId first)
    {
        first = default;
        if (Role != RaftRole.Leader)
        {
            return ProposeResult.NotLeader;
        }

        if (!TransferTarget.IsNone)
        {
            return ProposeResult.Transferring;
        }

        long bytes = 0;
        foreach (var data in batch)
        {
            bytes += data.Length + Entry.OverheadBytes;
        }

        // An empty tail takes any batch, or one larger than the bound could never be proposed.
        if (_uncommittedBytes > 0 && _uncommittedBytes + bytes > _options.MaxUncommittedBytes)
        {
            return ProposeResult.Dropped;
        }

        first = new EntryId(Term, LastIndex + 1);
        foreach (var data in batch)
        {
            AppendAsLeader(EntryKind.Normal, data);
        }

        _uncommitted.Enqueue((LastIndex, bytes));
        _uncommittedBytes += bytes;
        return ProposeResult.Accepted;
    }

    private EntryId AppendAsLeader(EntryKind kind, ReadOnlyMemory<byte> data)
    {
        Invariant.Check(Role == RaftRole.Leader, $"a {Role} of term {Term} would append entry {LastIndex + 1} of its own");
        var id = new EntryId(Term, LastIndex + 1);
        _log.Append(new Entry(id, kind, data));
        _appendsDue = true;
        return id;
    }

    /// <summary>
    /// Commits what a majority of voters has durably. Only an entry of this term is committed by counting, and the earlier
    /// ones along with it: counted by themselves they could still be overwritten
    /// (paper, 5.4.2, Figure 8; docs/failures.md, 3).
    /// </summary>
    /// <remarks>
    /// Called wherever a majority may have grown: an acknowledgement, this member's own disk, a voter less, a voter that is
    /// whole again. A commit may end the leadership (StepDownIfRemoved), so callers look at the role again.
    /// </remarks>
    private void MaybeCommit()
    {
        var index = QuorumIndex();
        if (index <= Commit || index < _firstIndexOfTerm)
        {
            return;
        }

        Invariant.Check(
            _log.Term(index) == Term, $"entry {index} of term {_log.Term(index)} counted by the leader of term {Term}");
        _log.CommitTo(index);
        _appendsDue = true;
        while (_uncommitted.TryPeek(out var batch) && batch.LastIndex <= index)
        {
            _uncommittedBytes -= batch.Bytes;
            _uncommitted.Dequeue();
        }

        StepDownIfRemoved();
        Invariant.Check(
            Role != RaftRole.Leader || IsVoter || ConfigurationIndex > Commit,
            $"member {Id} leads term {Term} and is no voter in {Configuration}, committed at {ConfigurationIndex}");
    }

    /// <summary>The highest index that a majority of voters has durably. A recovering voter counts as having nothing.</summary>
    /// <remarks>This member counts its own log up to Stable and not up to its end: a crash here must not undo a commit.</remarks>
    private ulong QuorumIndex()
    {
        var voters = Configuration.Voters;
        Span<ulong> matches = voters.Length <= 32 ? stackalloc ulong[voters.Length] : new ulong[voters.Length];
        for (var i = 0; i < matches.Length; i++)
        {
            if (voters[i] == Id)
            {
                matches[i] = _log.Stable;
            }
            else
            {
                matches[i] = FindPeer(voters[i]) is { Recovering: false } peer ? peer.Match : 0;
            }
        }

        return Quorum.CommittedIndex(matches);
    }

    private void HandleAppendResponse(Progress peer, Message m)
    {
        if (m.Index > LastIndex)
        {
            // It would be counted for entries that this leader has not made yet.
            Drop(m, $"acknowledges {m.Index}, the last index is {LastIndex}");
        }
        else if (m.Reject)
        {
            HandleRejection(peer, m);
        }
        else
        {
            HandleAcknowledgement(peer, m.Index);
        }
    }

    /// <summary>
    /// The peer names its highest index whose term is not above the one it was asked about. What this leader has there may
    /// still be of a later term, so it skips on its own side too: one exchange for each term in conflict (paper, end of
    /// 5.3). The hint only chooses where the next probe looks. Next never falls to Match or below it, so a wrong hint costs
    /// messages and no entry.
    /// </summary>
    private void HandleRejection(Progress peer, Message m)
    {
        var hint = m.LogTerm > 0 ? _log.HighestNotAfter(m.RejectHint, m.LogTerm).Index : m.RejectHint;
        var before = peer.State;
        if (!peer.MaybeRetreat(m.Index, hint))
        {
            return;
        }

        if (peer.State != before)
        {
            ReportState(peer);
        }

        _appendsDue = true;
    }

    private void HandleAcknowledgement(Progress peer, ulong index)
    {
        // A probe may be answered with the match that is known already: no news, and still the answer that ends probing.
        var isNews = peer.MaybeAdvance(index);
        if (!isNews && !(peer.State == ProgressState.Probe && peer.Match == index))
        {
            return;
        }

        switch (peer.State)
        {
            case ProgressState.Probe:
            case ProgressState.Snapshot when peer.Match + 1 >= _log.FirstIndex:
                peer.BecomeReplicate();
                ReportState(peer);
                break;
            default:
                peer.Inflights.FreeUpTo(index);
                break;
        }

        _appendsDue = true;
        if (IsWhole(peer))
        {
            // It is told at once, not at the next tick: until it knows, the cluster is one voter short.
            SendHeartbeat(peer);
        }

        MaybeCommit();
        MaybeFinishTransfer(peer);
    }

    private void HandleHeartbeatResponse(Progress peer, Message m)
    {
        // The peer lives, so a probe that is not answered was lost: the next one may leave. That paces probes by heartbeats.
        peer.ProbeSent = false;
        if (peer.State == ProgressState.Replicate && peer.Inflights.IsFull)
        {
            // Its acknowledgements may be lost for good, and then nothing else would free a slot: one more append asks where
            // it stands (failure 22 of docs/failures.md).
            peer.Inflights.FreeFirst();
        }

        if (peer.Match < LastIndex || peer.State == ProgressState.Probe)
        {
            MaybeSendAppend(peer, evenIfEmpty: true);
        }

        ConfirmRecoveries(peer, m.Index);
        if (!m.Recovering)
        {
            // A recovering member may have forgotten a vote for a newer leader, so it cannot vouch for this one.
            AcknowledgeReadRound(m.From, m.ReadId);
        }
    }

    /// <summary>Whether a majority answered since the last check. A leader without one steps down (thesis 6.2).</summary>
    /// <remarks>
    /// It can commit nothing, so its clients would wait for ever, while another leader may be serving the rest.
    /// Recovering voters count: the question is who can be reached, and a leader that makes them whole must not step down
    /// for want of their votes.
    /// </remarks>
    private bool CheckQuorum()
    {
        var active = IsVoter ? 1 : 0;
        foreach (var peer in _peers)
        {
            active += peer is { RecentActive: true, IsLearner: false } ? 1 : 0;
            peer.RecentActive = false;
        }

        return active >= Quorum.Of(Configuration.Voters.Length);
    }

    private Progress? FindPeer(NodeId id)
    {
        // A handful of peers: a scan is faster than any dictionary and has an order.
        foreach (var peer in _peers)
        {
            if (peer.Id == id)
            {
                return peer;
            }
        }

        return null;
    }

    private void ReportState(Progress peer) => Report(new PeerStateChanged(peer.Id, peer.State, peer.Match, peer.Next));
}
