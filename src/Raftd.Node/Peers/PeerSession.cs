using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Node.Service;

namespace Raftd.Node.Peers;

/// <summary>What the peer address serves once this member knows who it is.</summary>
internal sealed record PeerSession(
    MemberIdentity Self, Replica Replica, SnapshotIntake Intake, DivergenceWatch Divergence, LeaderCallServer Calls)
{
    /// <summary>Why a caller is not served, or null. Both ends check: the caller refuses a wrong answer likewise.</summary>
    public string? Refusal(PeerHandshake caller)
    {
        if (caller.ClusterId != Self.ClusterId)
        {
            return $"{Self.Label} belongs to cluster {Self.ClusterId:x16}, the caller to {caller.ClusterId:x16}";
        }

        if (caller.To != Self.MemberId)
        {
            return $"the caller wants member {caller.To:x16} ({caller.ToLabel}), this is {Self.MemberId:x16} ({Self.Label}): "
                + "if the data directory was wiped or moved, remove the old member first";
        }

        return null;
    }

    /// <summary>Only a leader that has applied its own term knows for certain who is no member any more: another member
    /// may be behind, and must then hear even from a leader it does not know yet.</summary>
    public bool WasRemoved(PeerHandshake caller)
    {
        var status = Replica.Status;
        return status.IsPromoted && status.Members.Find(caller.From) is null;
    }
}
