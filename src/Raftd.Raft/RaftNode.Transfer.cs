namespace Raftd.Raft;

/// <content>
/// Handing leadership over (thesis 3.10).
///
/// 1. The leader takes no more proposals, so that the log has an end to catch up with.
/// 2. When the target has all of it, the leader tells it to stand for election at once (MsgTimeoutNow).
/// 3. The target skips the pre-vote and asks with Force, because its voters still hear the leader and would refuse.
/// 4. If it has not taken over after an election timeout, this leader goes on (failure 17 of docs/failures.md).
///
/// The leader does not step down by itself: there is no other leader until the target's higher term arrives. Its lease
/// ends with step 1, because voters may now elect another leader while they still hear this one. Reads take rounds for the
/// rest of this leadership (HasLease), even if the transfer fails: a delayed MsgTimeoutNow may still arrive.
/// </content>
public sealed partial class RaftNode
{
    private bool _transferAttempted;

    /// <summary>False if this member does not lead, or the target is not another voter that is sound.</summary>
    public bool TransferLeadership(NodeId to)
    {
        if (Role != RaftRole.Leader || FindPeer(to) is not { IsLearner: false, Recovering: false } peer)
        {
            return false;
        }

        TransferTarget = to;
        _transferAttempted = true;

        // The target has one whole election timeout from here.
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

    /// <summary>MsgTimeoutNow may have been lost. A second one does no harm: the first has ended the term that both name.</summary>
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
