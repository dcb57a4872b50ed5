namespace Raftd.Raft;

/// <content>The funnel every message goes through: who may speak, in which term, and to which handler.</content>
public sealed partial class RaftNode
{
    /// <summary>Takes in one message. Late, duplicated and misdirected ones change nothing.</summary>
    public void Step(Message m)
    {
        if (m.To != Id || m.From == Id || m.From.IsNone)
        {
            Drop(m, $"from {m.From} to {m.To}");
            return;
        }

        if (m.Term < Term)
        {
            StepOldTerm(m);
            return;
        }

        if (m.Term > Term && !MaybeAdoptTerm(m))
        {
            return;
        }

        Dispatch(m);
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

    /// <summary>A later term is adopted, with three exceptions. False: the message is to be ignored.</summary>
    private bool MaybeAdoptTerm(Message m)
    {
        switch (m.Kind)
        {
            case MessageKind.MsgVote or MessageKind.MsgPreVote when !m.Force && IsLeaderAlive:
                // A follower of a leader disturbs it for no candidate: neither for a member that was removed and does not know,
                // nor for one that sees the others over a broken link (thesis 4.2.3 and 9.6; docs/failures.md, 8 and 10).
                Report(new VoteRefused(m.From, m.Term, m.Kind == MessageKind.MsgPreVote, VoteRefusal.LeaderAlive));
                return false;
            case MessageKind.MsgPreVote:
            case MessageKind.MsgPreVoteResp when !m.Reject:
                // A question about a term that no member has entered yet, and the answer to it.
                return true;
            default:
                Report(new TermSeen(Term, m.Term, m.From));
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
    /// A sender that asks or commands in an old term learns of the new one. Silence would leave it stuck: a member that came
    /// back with a higher term ignores its leader, and neither moves (failure 9 of docs/failures.md).
    /// </summary>
    private void StepOldTerm(Message m)
    {
        switch (m.Kind)
        {
            case MessageKind.MsgApp or MessageKind.MsgHeartbeat:
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
        // Two leaders in one term cannot be: either the sender is broken or it lost its vote (failure 1 of
        // docs/failures.md).
        if (Role == RaftRole.Leader || (Role == RaftRole.Follower && !Leader.IsNone && Leader != m.From))
        {
            Drop(m, $"second leader in term {Term}, the first is {Leader}");
            return;
        }

        if (Role == RaftRole.Follower)
        {
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

    private void HandleFromPeer(Message m)
    {
        if (Role != RaftRole.Leader || FindPeer(m.From) is not { } peer)
        {
            return;
        }

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
