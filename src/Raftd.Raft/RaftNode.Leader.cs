namespace Raftd.Raft;

/// <content>The leader: proposals, what peers answer, commitment.</content>
public sealed partial class RaftNode
{
    /// <summary>Sizes of the proposals of this term that are not committed, one item for each batch.</summary>
    private readonly Queue<(ulong LastIndex, long Bytes)> _uncommitted = new();

    private long _uncommittedBytes;

    /// <summary>Ascending by id.</summary>
    private Progress[] _peers = [];

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
        var id = new EntryId(Term, LastIndex + 1);
        _log.Append(new Entry(id, kind, data));
        _appendsDue = true;
        return id;
    }

    /// <summary>
    /// Commits what a majority of voters has durably. Only an entry of this term is committed by counting, the earlier ones
    /// along with it: counted by themselves they could still be overwritten
    /// (paper, 5.4.2, Figure 8; docs/failures.md, 3).
    /// </summary>
    private void MaybeCommit()
    {
        var index = QuorumIndex();
        if (index <= Commit || index < _firstIndexOfTerm)
        {
            return;
        }

        _log.CommitTo(index);
        _appendsDue = true;
        while (_uncommitted.TryPeek(out var batch) && batch.LastIndex <= index)
        {
            _uncommittedBytes -= batch.Bytes;
            _uncommitted.Dequeue();
        }

        StepDownIfRemoved();
    }

    /// <summary>What a majority has. A recovering voter has nothing that could be counted on.</summary>
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
    /// The peer names the highest index whose term is not above the one it was asked about. What this leader has there may be
    /// of a later term still, so it skips on its own side too: one exchange for each term in conflict (paper, end of 5.3).
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
            // Told at once, not at the next tick: until it knows, the cluster is one voter short.
            SendHeartbeat(peer);
        }

        MaybeCommit();
        MaybeFinishTransfer(peer);
    }

    private void HandleHeartbeatResponse(Progress peer, Message m)
    {
        peer.ProbeSent = false;
        if (peer.State == ProgressState.Replicate && peer.Inflights.IsFull)
        {
            // Its acknowledgements may be lost for good: one more append asks where it stands (failure 22 of
            // docs/failures.md).
            peer.Inflights.FreeFirst();
        }

        if (peer.Match < LastIndex || peer.State == ProgressState.Probe)
        {
            MaybeSendAppend(peer, evenIfEmpty: true);
        }

        ConfirmRecoveries(peer, m.Index);
        if (!m.Recovering)
        {
            AcknowledgeReadRound(m.From, m.ReadId);
        }
    }

    /// <summary>A leader that no majority answers makes room: its clients would wait for ever (thesis 6.2).</summary>
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
