namespace Raftd.Raft;

/// <content>
/// Handing leadership over (thesis 3.10): stop taking proposals, bring the target's log up to the end, tell it to stand
/// for election at once. If it has not taken over after an election timeout, this leader goes on (failure 17 of
/// docs/failures.md).
/// </content>
public sealed partial class RaftNode
{
    private bool _transferAttempted;

    /// <summary>False if this is not the leader, or the target is no sound voter besides itself.</summary>
    public bool TransferLeadership(NodeId to)
    {
        if (Role != RaftRole.Leader || FindPeer(to) is not { IsLearner: false, Recovering: false } peer)
        {
            return false;
        }

        TransferTarget = to;
        _transferAttempted = true;

        // From here it has one whole election timeout.
        _electionElapsed = 0;
        Report(new TransferStarted(to));
        MaybeFinishTransfer(peer);
        return true;
    }

    private void MaybeFinishTransfer(Progress peer)
    {
        if (Role == RaftRole.Leader && peer.Id == TransferTarget && peer.Match == LastIndex)
        {
            Send(new Message { Kind = MessageKind.MsgTimeoutNow, To = peer.Id, From = Id, Term = Term });
        }
    }

    /// <summary>The word to stand may have been lost; hearing it twice does no harm, its term is over the first time.</summary>
    private void NudgeTransferTarget()
    {
        if (!TransferTarget.IsNone && FindPeer(TransferTarget) is { } peer)
        {
            MaybeFinishTransfer(peer);
        }
    }

    private void AbortTransfer()
    {
        if (!TransferTarget.IsNone)
        {
            Report(new TransferAborted(TransferTarget));
            TransferTarget = NodeId.None;
        }
    }

    private void HandleTimeoutNow(Message m)
    {
        if (Role == RaftRole.Follower && m.From == Leader && IsVoter && !_recovering && !IsDiskStalled)
        {
            StartCampaign(CampaignKind.Transfer);
        }
    }
}
