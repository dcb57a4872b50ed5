using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Replication;

namespace Raftd.Node.Peers;

/// <summary>Whether this member was removed from its cluster. One peer's notice is not enough to stop for good.</summary>
/// <remarks>
/// A notice counts if it is about this member and this cluster, comes from the member that was called, and names a committed
/// configuration newer than the newest known here, or that one itself if it has removed this member. Two members of the
/// configuration known here must send one, or the only other. Otherwise a single peer that was restored from an old disk, or
/// that lies because of a fault, could stop its whole cluster.
/// </remarks>
internal sealed class RemovalVerdict(MemberIdentity self, ILogger logger)
{
    private const int WitnessesNeeded = 2;

    // Guards _witnesses.
    private readonly Lock _gate = new();
    private readonly HashSet<ulong> _witnesses = [];

    /// <param name="called">The member that was called and answered.</param>
    /// <param name="notice">Its answer.</param>
    /// <param name="status">This member's own view.</param>
    /// <param name="reason">Why this member has to stop.</param>
    /// <returns>False for a notice that does not count, or not yet; the peer is called again.</returns>
    public bool IsRemoved(ulong called, RemovalNotice notice, ReplicaStatus status, [NotNullWhen(true)] out string? reason)
    {
        reason = null;
        if (Flaw(called, notice, status) is { } flaw)
        {
            NodeLog.RemovalDoubted(logger, notice.ToString(), flaw);
            return false;
        }

        lock (_gate)
        {
            _witnesses.Add(called);
            _witnesses.RemoveWhere(witness => status.CommittedMembers.Find(witness) is null);
            var others = status.CommittedMembers.Members.Count(member => member.Id != self.MemberId);
            if (_witnesses.Count < Math.Min(WitnessesNeeded, others))
            {
                return false;
            }
        }

        reason = $"member {self.MemberId:x16} ({self.Label}) was removed from the cluster by its configuration {notice.ConfigurationIndex}";
        return true;
    }

    private string? Flaw(ulong called, RemovalNotice notice, ReplicaStatus status)
    {
        if (notice.ClusterId != self.ClusterId || notice.Member != self.MemberId)
        {
            return "it is about another cluster or member";
        }

        if (notice.SaidBy != called)
        {
            return $"it is not from the member that was called, {called:x16}";
        }

        // The newest configuration known here may be the one that removed it: it heard of that, or made it as the leader.
        var isNews = status.CommittedMembers.Find(self.MemberId) is null
            ? notice.ConfigurationIndex >= status.CommittedConfigurationIndex
            : notice.ConfigurationIndex > status.CommittedConfigurationIndex;
        if (!isNews)
        {
            return $"this member knows configuration {status.CommittedConfigurationIndex}, which is at least as new";
        }

        return status.CommittedMembers.Find(called) is null ? "its sender is not a member that this one knows" : null;
    }
}
