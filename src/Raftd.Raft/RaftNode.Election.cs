namespace Raftd.Raft;

/// <content>Elections: roles, campaigns, votes.</content>
public sealed partial class RaftNode
{
    private readonly VoteTally _tally = new();
    private CampaignKind _campaign;

    /// <summary>
    /// A leader was heard of within the smallest election timeout, or this member is one. With lease reads a member that
    /// just started waits as long, because it may have promised so before it stopped.
    /// </summary>
    private bool IsLeaderAlive =>
        Role == RaftRole.Leader
        || (!Leader.IsNone && _electionElapsed < _options.ElectionTimeoutTicks)
        || (_options.LeaseReads && _now < (ulong)_options.ElectionTimeoutTicks);

    private void BecomeFollower(ulong term, NodeId leader)
    {
        Invariant.Check(term >= Term, $"term would go back from {Term} to {term}");
        if (term > Term)
        {
            Term = term;
            Vote = NodeId.None;
        }

        LeaveRole();
        Role = RaftRole.Follower;
        SetLeader(leader);
    }

    private void StepDown(StepDownReason reason)
    {
        Report(new SteppedDown(Term, reason));
        BecomeFollower(Term, NodeId.None);
    }

    /// <summary>
    /// A pre-candidate only asks whether it could win: it changes neither its term nor its vote, so that a member which
    /// cannot win, cut off or removed, never drives terms up (thesis 9.6; docs/failures.md, 8).
    /// </summary>
    private void BecomePreCandidate()
    {
        LeaveRole();
        Role = RaftRole.PreCandidate;
        SetLeader(NodeId.None);
    }

    private void BecomeCandidate()
    {
        LeaveRole();
        Role = RaftRole.Candidate;
        SetLeader(NodeId.None);
        Term++;
        Vote = Id;
    }

    private void BecomeLeader(bool unanimously)
    {
        Invariant.Check(Role == RaftRole.Candidate, $"{Role} became leader of term {Term}");
        var electors = _tally.RecoveringNonces();
        LeaveRole();
        _recoveringElectors = unanimously ? electors : [];
        Role = RaftRole.Leader;
        SetLeader(Id);
        Report(new BecameLeader(Term, unanimously));
        if (unanimously)
        {
            EndRecovery(RecoveryEnd.ElectedUnanimously);
        }

        _firstIndexOfTerm = LastIndex + 1;
        BuildPeers(isNewTerm: true);

        // Entries of earlier terms are committed only along with one of this term (paper, 5.4.2), so there must be one.
        AppendAsLeader(EntryKind.Normal, default);
    }

    /// <summary>What any change of role ends.</summary>
    private void LeaveRole()
    {
        FailReads();
        _tally.Reset();
        _electionElapsed = 0;
        _heartbeatElapsed = 0;
        _appendsDue = false;
        _commitNewsAsked = false;
        _sharedSlice = default;
        _entriesWanted.Clear();
        _peers = [];
        _uncommitted.Clear();
        _uncommittedBytes = 0;
        TransferTarget = NodeId.None;
        _transferAttempted = false;
        DrawElectionTimeout();
    }

    private void SetLeader(NodeId leader)
    {
        if (Leader != leader)
        {
            FailForwardedReads();
            Leader = leader;
        }
    }

    private void StartCampaign(CampaignKind kind)
    {
        _campaign = kind;
        var isPreElection = kind == CampaignKind.PreElection;
        if (isPreElection)
        {
            BecomePreCandidate();
        }
        else
        {
            BecomeCandidate();
        }

        var term = isPreElection ? Term + 1 : Term;
        Report(new CampaignStarted(term, kind));
        RequestVotes(isPreElection ? MessageKind.MsgPreVote : MessageKind.MsgVote, term, kind == CampaignKind.Transfer);
        if (isPreElection)
        {
            // Nothing is promised by it, so nothing has to be durable. The vote itself waits, see Durable.
            RecordVote(Id, granted: true, _recovering, _nonce);
        }
    }

    private void RequestVotes(MessageKind kind, ulong term, bool force)
    {
        var last = _log.Last;
        foreach (var voter in Configuration.Voters)
        {
            if (voter != Id)
            {
                Send(new Message { Kind = kind, To = voter, From = Id, Term = term, Index = last.Index, LogTerm = last.Term, Force = force });
            }
        }
    }

    private void HandleVoteRequest(Message m)
    {
        if (FindRefusal(m) is { } refusal)
        {
            RefuseVote(m, refusal);
            return;
        }

        var isPreVote = m.Kind == MessageKind.MsgPreVote;
        Report(new VoteGranted(m.From, m.Term, isPreVote));
        if (!isPreVote)
        {
            Vote = m.From;
            _electionElapsed = 0;
        }

        AnswerVote(m, m.Term, reject: false);
    }

    private VoteRefusal? FindRefusal(Message m)
    {
        // In a term that has a leader no other candidate can win, so even a vote given before is not given again.
        var isFree = (Leader.IsNone && (Vote.IsNone || Vote == m.From)) || (m.Kind == MessageKind.MsgPreVote && m.Term > Term);
        if (!isFree)
        {
            return VoteRefusal.AlreadyVoted;
        }

        return new EntryId(m.LogTerm, m.Index).IsAtLeast(_log.Last) ? null : VoteRefusal.LogBehind;
    }

    /// <summary>A refusal carries this member's own term, so that a candidate that is behind catches up with it.</summary>
    private void RefuseVote(Message m, VoteRefusal reason)
    {
        Report(new VoteRefused(m.From, m.Term, m.Kind == MessageKind.MsgPreVote, reason));
        AnswerVote(m, Term, reject: true);
    }

    private void AnswerVote(Message m, ulong term, bool reject) => Send(new Message
    {
        Kind = m.Kind == MessageKind.MsgVote ? MessageKind.MsgVoteResp : MessageKind.MsgPreVoteResp,
        To = m.From,
        From = Id,
        Term = term,
        Reject = reject,
        Nonce = _nonce,
        Recovering = _recovering,
    });

    private void HandleVoteResponse(Message m)
    {
        // A pre-vote is not a vote, and a vote of another term is none in this one.
        var isExpected = m.Kind == MessageKind.MsgVoteResp
            ? Role == RaftRole.Candidate && m.Term == Term
            : Role == RaftRole.PreCandidate && m.Term == (m.Reject ? Term : Term + 1);
        if (isExpected)
        {
            RecordVote(m.From, !m.Reject, m.Recovering, m.Nonce);
        }
    }

    private void RecordVote(NodeId voter, bool granted, bool recovering, ulong nonce)
    {
        _tally.Record(voter, granted, recovering, nonce);
        var result = _tally.Result(Configuration, isCandidateRecovering: _recovering);
        switch (result)
        {
            case VoteResult.Won or VoteResult.WonUnanimously when Role == RaftRole.PreCandidate:
                StartCampaign(CampaignKind.Election);
                break;
            case VoteResult.Won or VoteResult.WonUnanimously:
                BecomeLeader(result == VoteResult.WonUnanimously);
                break;
            case VoteResult.Lost:
                Report(new CampaignLost(Term, _campaign));
                BecomeFollower(Term, NodeId.None);
                break;
            default:
                break;
        }
    }
}
