namespace Raftd.Raft;

/// <content>
/// Members that may have lost what they acknowledged (failures 19, 26, 27, 28 of docs/failures.md).
///
/// After a crash the log's last group commit may be torn, and the bytes do not tell whether the torn part had been
/// acknowledged. The naive way truncates and carries on; the member then helps to elect a leader that lacks an entry which
/// was committed with its help. Stopping the member for good is safe, and loses a member to every power cut. Instead it is
/// made whole:
///
/// 1. The member marks itself Recovering. No vote and no acknowledgement leaves before the mark is durable (Send). All its
///    answers carry the mark, and the nonce of this start. Votes with it count only as <see cref="VoteTally"/> describes.
/// 2. A leader that first sees the mark with a nonce forgets the member's match, counts it for no commit and no read
///    round, and notes its own last index as the target.
/// 3. When the member has acknowledged up to the target, and a majority of sound voters, or every voter, has answered
///    heartbeats sent after the report, heartbeats tell it so, with the nonce. It clears the mark.
/// 4. From the first answer without the mark the leader counts it again, if the answer is of that start, or answers a
///    heartbeat that named it: the member may have cleared the mark, stopped, and started anew before it was heard.
///
/// Why the target is the leader's last index and not its commit index: an acknowledgement of a lost entry may still be
/// on its way to the leader. That entry was sent by the leader, so it is at or below its last index, but is not committed
/// yet; when the late acknowledgement is counted, the member must have the entry again. Acknowledgements given to
/// leaders of earlier terms matter only for what those committed, and this leader's log contains all of that.
/// The nonce keeps apart the late answers of an earlier start from those of this one; nonces have no order, so a later
/// start is told from an earlier one by what it answers.
/// Why the majority: with the tail the member may have lost a term and a vote. If that vote made a later leader, this one
/// would repair the member into following it, and both could commit. A sound majority that still follows this leader after
/// the member's crash shares a voter with any majority that elected a later leader before. Or all voters answer, recovering
/// or not: then a later leader could only be a member that lost its leadership with its tail. Voters that all elected this
/// leader while they were recovering are confirmed by that. A member that may have lost a vote of this very term pledges
/// it to the leader (PledgeVote).
/// One case is left: the lost vote was for an election of a later term that is still undecided when the member is whole
/// again, and the member votes in it a second time. To close it, the log would have to keep term and vote where one torn
/// write cannot lose both copies; it keeps one (docs/raft.md, known limits).
/// A heartbeat answer of a recovering member confirms no read round either: it may have lost a vote, and with it the
/// knowledge that a newer leader exists.
/// </content>
public sealed partial class RaftNode
{
    /// <summary>Tells this start, and each later loss within it, from every other.</summary>
    private ulong _nonce;

    /// <summary>How many recoveries of peers this member has led since its start. Only rises, over all its leaderships, so
    /// that no late answer to an earlier heartbeat confirms a later recovery.</summary>
    private ulong _recoveryEpoch;

    /// <summary>The starts of the recovering members that voted for this leader in a unanimous election.</summary>
    private HashSet<ulong> _recoveringElectors = [];

    private void StartRecovering(bool marked, bool lost)
    {
        if (!marked && !lost)
        {
            return;
        }

        _recovering = true;
        Report(new RecoveryStarted(marked ? RecoveryReason.DamagedLog : RecoveryReason.MissingEntries));
        if (Configuration.Voters is [var sole] && sole == Id)
        {
            EndRecovery(RecoveryEnd.SoleVoter);
        }
    }

    private void BeginRecovery(RecoveryReason reason)
    {
        if (!_recovering)
        {
            _recovering = true;

            // The loss splits this start in two: what was answered before it must not vouch for what is lost.
            _nonce++;
            Report(new RecoveryStarted(reason));
        }
    }

    private void EndRecovery(RecoveryEnd reason)
    {
        if (_recovering)
        {
            _recovering = false;
            Report(new RecoveryEnded(reason));
        }
    }

    /// <summary>
    /// A recovering member may have voted in this term and forgotten it. The leader has won the term already, so giving it
    /// the vote as well changes no election, and keeps the vote from every other candidate.
    /// </summary>
    private void PledgeVote(NodeId leader)
    {
        if (_recovering && Vote.IsNone)
        {
            CastVote(leader);
        }
    }

    /// <summary>A peer answered a heartbeat that was sent after these recoveries began. Members that are whole by that answer
    /// are told so at once.</summary>
    private void ConfirmRecoveries(Progress from, ulong answeredEpoch)
    {
        if (answeredEpoch <= from.ConfirmedEpoch || answeredEpoch > _recoveryEpoch)
        {
            return;
        }

        from.ConfirmedEpoch = answeredEpoch;
        foreach (var peer in _peers)
        {
            if (IsWhole(peer))
            {
                SendHeartbeat(peer);
            }
        }
    }

    /// <summary>The peer has everything, and enough voters have followed this leader since it reported its loss.</summary>
    private bool IsWhole(Progress recovering)
    {
        if (!recovering.IsRecoveryComplete)
        {
            return false;
        }

        // sound: voters that follow this leader and miss nothing. any: those that are recovering as well. This leader is
        // sound: a recovering candidate ends its recovery by winning (BecomeLeader).
        var sound = IsVoter ? 1 : 0;
        var any = sound;
        foreach (var peer in _peers)
        {
            if (!peer.IsLearner && (peer == recovering || peer.ConfirmedEpoch >= recovering.RecoveryEpoch))
            {
                any++;
                sound += peer.Recovering ? 0 : 1;
            }
        }

        var voters = Configuration.Voters.Length;
        return sound >= Quorum.Of(voters) || any == voters || _recoveringElectors.Contains(recovering.RecoveryNonce);
    }

    /// <summary>Follows the mark in a peer's answer. False: the answer may be of an earlier start and says nothing now.</summary>
    /// <remarks>
    /// The race: an acknowledgement from before the crash arrives after the report of the loss. It has no mark, so the mark
    /// alone would end the recovery, and its index would be counted though the entries are gone. The nonce tells the two
    /// starts apart.
    /// </remarks>
    private bool MaybeTrust(Progress peer, Message m)
    {
        if (m.Recovering)
        {
            if (!peer.Recovering || peer.RecoveryNonce != m.Nonce)
            {
                peer.BeginRecovery(m.Nonce, LastIndex, ++_recoveryEpoch);
                Report(new PeerRecovering(peer.Id, LastIndex));
                _appendsDue = true;

                // Asks the other members at once whether they still follow this leader.
                BroadcastHeartbeat();
            }

            return true;
        }

        if (!peer.Recovering)
        {
            return true;
        }

        if (m.Nonce != peer.RecoveryNonce && m.AnsweredNonce != peer.RecoveryNonce)
        {
            return false;
        }

        peer.EndRecovery();
        Report(new PeerRecovered(peer.Id));
        MaybeCommit();
        return Role == RaftRole.Leader;
    }
}
