namespace Raftd.Raft;

/// <content>
/// Elections: roles, campaigns, votes.
///
/// The naive election raises the term at each timeout and asks for votes at once. It is safe, but a member behind a broken
/// link then raises its term without end, and deposes the leader when the link heals. So (thesis 9.6):
///
/// 1. A timeout makes a follower a pre-candidate. It asks whether it would win in the next term and changes nothing that
///    lasts. A voter says yes if it hears no leader and the log asked for is at least as up to date as its own.
/// 2. A majority of yes makes it a candidate: the term rises by one, it votes for itself, and asks for votes. Requests
///    leave when that term and vote are durable, and so do grants: a vote that a crash can undo could be given twice.
/// 3. A majority of votes makes it the leader. It appends an empty entry of its term at once, since nothing of earlier
///    terms can be committed before one of this term (paper, 5.4.2).
/// 4. A candidate that hears a leader of its term follows it. One that can no longer win steps back to follower and waits
///    for a timeout of its own.
///
/// <code>
///   from            on                                                  to
///   Follower        election timeout, if it may stand                   PreCandidate
///   Follower        MsgTimeoutNow of its leader (thesis 3.10)           Candidate, term + 1
///   PreCandidate    a majority would vote for it                        Candidate, term + 1
///   Candidate       a majority voted for it                             Leader
///   both            election timeout                                    PreCandidate
///   both            it cannot win any more, or its term has a leader    Follower
///   Leader          no quorum, a stalled disk, its own removal          Follower
///   any             a higher term                                       Follower in that term
/// </code>
///
/// Why votes compare logs: a majority voted for the leader and a majority has each committed entry, so one voter has both.
/// It votes only for a log at least as up to date as its own; so the leader has every committed entry (leader
/// completeness, paper 5.4.3). Voters that may have lost entries weaken that argument, see <see cref="VoteTally"/>.
/// </content>
public sealed partial class RaftNode
{
    private readonly VoteTally _tally = new();
    private CampaignKind _campaign;

    /// <summary>
    /// This member leads, or heard from a leader within the smallest election timeout. With lease reads a member that just
    /// started waits that long as well: before it stopped it may have promised a leader to elect no other.
    /// </summary>
    private bool IsLeaderAlive =>
        Role == RaftRole.Leader
        || (!Leader.IsNone && _electionElapsed < _options.ElectionTimeoutTicks)
        || (_options.LeaseReads && _now < (ulong)_options.ElectionTimeoutTicks);

    /// <remarks>
    /// A member enters a higher term here or in a campaign of its own, and nowhere else. The vote belongs to the term that
    /// is left. In the same term the vote stays: the member may step down from it and must not vote in it again.
    /// </remarks>
    private void BecomeFollower(ulong term, NodeId leader)
    {
        Invariant.Check(term >= Term, $"term would go back from {Term} to {term}");
        Invariant.Check(leader != Id, $"member {Id} would follow itself in term {term}");
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
        Invariant.Check(Role != RaftRole.Leader, $"the leader of term {Term} would stand for election");
        LeaveRole();
        Role = RaftRole.PreCandidate;
        SetLeader(NodeId.None);
    }

    private void BecomeCandidate()
    {
        Invariant.Check(Role != RaftRole.Leader, $"the leader of term {Term} would stand for election");
        Invariant.Check(IsPromotable, $"member {Id} would stand for election and is no voter in {Configuration}");
        LeaveRole();
        Role = RaftRole.Candidate;
        SetLeader(NodeId.None);
        Term++;
        Vote = NodeId.None;
        CastVote(Id);
    }

    /// <summary>Gives the vote of this term (paper, 5.2): once it is given, it stays, or two candidates could win.</summary>
    private void CastVote(NodeId candidate)
    {
        Invariant.Check(
            Vote.IsNone || Vote == candidate, $"the vote of term {Term} is given to {Vote} and would go to {candidate} too");
        Vote = candidate;
    }

    private void BecomeLeader(bool unanimously)
    {
        Invariant.Check(Role == RaftRole.Candidate, $"{Role} became leader of term {Term}");
        Invariant.Check(IsPromotable, $"member {Id} would lead term {Term} and is no voter in {Configuration}");
        Invariant.Check(_log.Last.Term < Term, $"the log of the new leader of term {Term} ends with {_log.Last} already");
        var electors = _tally.RecoveringNonces(); // before LeaveRole clears the tally
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

    /// <summary>Ends what belongs to a role and a term: reads, votes counted, peers, proposals that may yet be lost.</summary>
    /// <remarks>
    /// Each of these would mislead the next term: an old vote would count in it, an old match would commit in it, an old
    /// round would confirm a read in it. The log stays, and so do the messages made so far: each bears the term in which it
    /// was made, and its receiver compares that.
    /// </remarks>
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

    /// <remarks>
    /// Forwarded reads fail together with the leader that they were sent to: it may be gone, and the next leader has never
    /// heard of them.
    /// </remarks>
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

        // The requests go first: a sole voter wins with its own vote below, and then this is no campaign any more.
        var term = isPreElection ? Term + 1 : Term;
        Report(new CampaignStarted(term, kind));
        RequestVotes(isPreElection ? MessageKind.MsgPreVote : MessageKind.MsgVote, term, kind == CampaignKind.Transfer);
        if (isPreElection)
        {
            // A pre-vote promises nothing, so nothing has to be durable. The vote itself counts later, see Durable.
            RecordVote(Id, granted: true, _recovering, _nonce);
        }
    }

    /// <remarks>
    /// The last entry named may still be on its way to this member's disk. A MsgVote waits for that write (Send); a
    /// MsgPreVote does not, because no answer to it elects a leader.
    /// </remarks>
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

    /// <remarks>
    /// Neither side needs to be a voter in the configuration that this member knows: the candidate may know a newer one, and
    /// this member's vote may be needed before the log brings that here (thesis 4.1).
    /// </remarks>
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
            CastVote(m.From);

            // The candidate gets a whole timeout to win before this member campaigns against it (paper, Figure 2, followers).
            _electionElapsed = 0;
        }

        AnswerVote(m, m.Term, reject: false);
    }

    private VoteRefusal? FindRefusal(Message m)
    {
        // In a term that has a leader no other candidate can win, so even a vote given before is not repeated. A pre-vote
        // for a later term promises nothing and is free of any vote.
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
        // A grant of a pre-vote names the term to come, its refusal the voter's own. Anything else answers another
        // campaign, and counting it would elect a leader that no majority of this term chose.
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
