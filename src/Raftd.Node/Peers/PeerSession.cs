using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Node.Service;

namespace Raftd.Node.Peers;

/// <summary>What the peer address serves once this member knows who it is.</summary>
internal sealed record PeerSession(
    MemberIdentity Self,
    Replica Replica,
    HttpPeerTransport Transport,
    SnapshotIntake Intake,
    DivergenceWatch Divergence,
    PeerReports Reports,
    LeaderCallServer Calls)
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

        return caller.Level < Replica.FeatureLevel
            ? $"the cluster is at feature level {Replica.FeatureLevel}, and the build of {caller.FromLabel} knows {caller.Level}: "
                + "start a newer one"
            : null;
    }

    /// <summary>Whoever is told so stops for good. Only a leader whose configuration is committed, and who has confirmed
    /// that it still leads, knows for certain who is no member any more: another member may be behind, and must then hear
    /// even from a leader it does not know yet; a removal that is not committed may be taken back.</summary>
    public async ValueTask<bool> WasRemovedAsync(PeerHandshake caller) =>
        Replica.Status.HasGoneOnWithout(caller.From)
        && await Replica.LeadershipBarrierAsync()
        && Replica.Status.HasGoneOnWithout(caller.From);
}
