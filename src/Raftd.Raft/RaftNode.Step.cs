namespace Raftd.Raft;

/// <content>
/// Every message comes in here. Three questions are settled before a handler sees it:
///
/// 1. Is it for this member, from another one, in a term that can have a successor? If not, it is dropped.
/// 2. Is its term lower? Then it changes nothing here, and at most its sender is told of this term.
/// 3. Is its term higher? Then this member becomes a follower in that term first, unless the message is one of those that
///    must not move a term (<see cref="MaybeAdoptTerm"/>).
///
/// So a handler sees messages of the current term, and pre-votes and their grants, which name a term to come.
///
/// Messages are lost, doubled, delayed and reordered on the way, and a member may restart between two of them. Handlers
/// therefore compare what a message says with the log and the peer's progress, and trust no order of arrival.
/// </content>
public sealed partial class RaftNode
{
    /// <summary>
    /// Messages with a higher term are dropped, and snapshots with a higher index. A cluster that elects a leader each
    /// millisecond gets there after a hundred million years. A broken peer could name such a number at once, and counting on
    /// from there would start again at 0.
    /// </summary>
    internal const ulong MaxTermOrIndex = 1UL << 62;

    /// <summary>Takes in one message. Late, duplicated and misdirected ones change nothing.</summary>
    public void Step(Message m)
    {
        var before = Marked;
        if (m.To != Id || m.From == Id || m.From.IsNone)
        {
            Drop(m, $"from {m.From} to {m.To}");
        }
        else if (m.Term > MaxTermOrIndex)
        {
            Drop(m, $"term {m.Term} is above the highest possible, {MaxTermOrIndex}");
        }
        else if (m.Term < Term)
        {
            StepOldTerm(m);
        }
        else if (m.Term == Term || MaybeAdoptTerm(m))
        {
            Dispatch(m);
        }

        CheckSince(before);
    }

    private void Dispatch(Message m)
    {
        switch (m.Kind)
        {
            case MessageKind.MsgVote or MessageKind.MsgPreVote:
                HandleVoteRequest(m);
                break;
            case MessageKind.MsgVoteResp or MessageKind.MsgPreVoteResp:
                HandleVoteResponse(m);
                break;
            case MessageKind.MsgApp or MessageKind.MsgHeartbeat or MessageKind.MsgSnap:
                HandleFromLeader(m);
                break;
            case MessageKind.MsgAppResp or MessageKind.MsgHeartbeatResp:
                HandleFromPeer(m);
                break;
            case MessageKind.MsgReadIndex:
                HandleReadIndex(m);
                break;
            case MessageKind.MsgReadIndexResp:
                HandleReadIndexResponse(m);
                break;
            case MessageKind.MsgTimeoutNow:
                HandleTimeoutNow(m);
                break;
            default:
                Drop(m, "unknown kind");
                break;
        }
    }

    /// <summary>Adopts a higher term, with three exceptions. False: the message is to be ignored.</summary>
    private bool MaybeAdoptTerm(Message m)
    {
        switch (m.Kind)
        {
            case MessageKind.MsgVote or MessageKind.MsgPreVote when !m.Force && IsLeaderAlive:
                // A member that hears its leader refuses every candidate, and keeps its term. Otherwise a member that was
                // removed and does not know it, or one that the leader alone cannot reach, would depose a leader that a
                // majority follows, again and again (thesis 4.2.3 and 9.6; docs/failures.md, 8 and 10).
                Report(new VoteRefused(m.From, m.Term, m.Kind == MessageKind.MsgPreVote, VoteRefusal.LeaderAlive));
                return false;
            case MessageKind.MsgPreVote:
            case MessageKind.MsgPreVoteResp when !m.Reject:
                // They name the term that the election would have. No member has entered it, so this one must not either.
                // A refusal is different: it names the voter's own term, which exists, and the next case adopts it.
                return true;
            default:
                Report(new TermSeen(Term, m.Term, m.From));

                // Only the leader of a term sends these, so its name comes with the term. Any other message of a higher
                // term says that the term exists, and no more.
                var isFromLeader = m.Kind is MessageKind.MsgApp or MessageKind.MsgHeartbeat or MessageKind.MsgSnap;
                if (Role == RaftRole.Leader)
                {
                    Report(new SteppedDown(Term, StepDownReason.HigherTerm));
                }

                BecomeFollower(m.Term, isFromLeader ? m.From : NodeId.None);
                return true;
        }
    }

    /// <summary>
    /// A leader or candidate of an old term is told the new one. Silence would leave both stuck: a member that came back
    /// with a higher term ignores its leader, and the leader never learns why (failure 9 of docs/failures.md).
    /// </summary>
    private void StepOldTerm(Message m)
    {
        switch (m.Kind)
        {
            case MessageKind.MsgApp or MessageKind.MsgHeartbeat:
                // Of this answer only the term matters: the old leader steps down before it looks at anything else.
                Send(new Message { Kind = MessageKind.MsgAppResp, To = m.From, From = Id, Term = Term, Nonce = _nonce, Recovering = _recovering });
                break;
            case MessageKind.MsgVote or MessageKind.MsgPreVote:
                RefuseVote(m, VoteRefusal.OldTerm);
                break;
            case MessageKind.MsgSnap when m.Snapshot is { } snapshot:
                Report(new SnapshotIgnored(snapshot.Id, m.From));
                break;
            default:
                break;
        }
    }

    private void HandleFromLeader(Message m)
    {
        // A term has one leader (election safety, paper 5.2). A second one means that a member is broken or that voters
        // lost their votes (failure 1 of docs/failures.md); following both would mix two logs.
        if (Role == RaftRole.Leader || (Role == RaftRole.Follower && !Leader.IsNone && Leader != m.From))
        {
            Drop(m, $"second leader in term {Term}, the first is {Leader}");
            return;
        }

        if (Role == RaftRole.Follower)
        {
            // Every message of the leader counts as a heartbeat, also one that is refused below: it shows that the leader
            // lives, and that is all that the election timeout asks.
            _electionElapsed = 0;
            SetLeader(m.From);
        }
        else
        {
            BecomeFollower(Term, m.From);
        }

        PledgeVote(m.From);
        switch (m.Kind)
        {
            case MessageKind.MsgApp:
                HandleAppend(m);
                break;
            case MessageKind.MsgHeartbeat:
                HandleHeartbeat(m);
                break;
            default:
                HandleSnapshot(m);
                break;
        }
    }

    /// <remarks>Answers of members that are no peers any more, and answers to a leader that stepped down, are late.</remarks>
    private void HandleFromPeer(Message m)
    {
        if (Role != RaftRole.Leader || FindPeer(m.From) is not { } peer)
        {
            return;
        }

        // Before the trust is decided: the quorum check asks who can be reached, and an untrusted peer can be.
        peer.RecentActive = true;
        if (!MaybeTrust(peer, m))
        {
            return;
        }

        if (m.Kind == MessageKind.MsgAppResp)
        {
            HandleAppendResponse(peer, m);
        }
        else
        {
            HandleHeartbeatResponse(peer, m);
        }
    }

    private void Drop(Message m, string reason) => Report(new MessageDropped(m.From, m.Kind, reason));
}
