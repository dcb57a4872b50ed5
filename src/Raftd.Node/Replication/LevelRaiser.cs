// Raises the cluster's feature level once every member knows a higher one (Commands/FeatureLevel.cs).
//
// The danger is a member whose build does not know what the others have agreed on: it stops, and a cluster of three then
// survives no other failure. The naive way raises the level when all members have once announced it. But an announcement
// may be old, and members may join, or be put back to an older build, while the entry is on its way. So:
//
//   1. The leader needs fresh announcements of all members of the newest configuration, learners included. That
//      configuration must be applied: a later one may bring another member.
//   2. The entry names that configuration. Apply makes it void if another configuration got into the log before it.
//   3. While the entry is on its way no change of the members is proposed, and none before the leader has applied what
//      earlier leaders left in the log (MembershipQueue). So no configuration behind the entry brings a member that was
//      checked against the lower level.
//
// Invariant: a configuration in force at level N has no member that announced less than N, or said so when it joined.
// One case is left: a member that was put back to an older build less than PeerReports.Freshness ago. It stops, names the
// level that it needs, and goes on with the newer build.

using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Store;

namespace Raftd.Node.Replication;

/// <summary>A duty of the leader, on the replica's thread.</summary>
internal sealed class LevelRaiser(Replica replica, StateMachine state, PeerReports reports, ILogger logger)
{
    /// <summary>At each tick, and when a command needs more than the level.</summary>
    public void Tick()
    {
        var view = state.View();
        if (replica.IsRaisingLevel || replica.Raft.ConfigurationIndex != view.ConfigurationIndex)
        {
            return;
        }

        var level = LevelOfAll(state.KnownLevel, replica.Status.Members, Known);
        if (level > view.FeatureLevel)
        {
            NodeLog.RaisingLevel(logger, view.FeatureLevel, level);
            replica.RaiseLevel(replica.OwnCommands.RaiseLevel(level, view.ConfigurationIndex));
        }
    }

    /// <summary>The newest level that all members know; 0 if one of them has not announced any lately.</summary>
    /// <param name="own">The level of this member, which need not be among them.</param>
    /// <param name="members">The members of the configuration.</param>
    /// <param name="known">The level that a member announces; null for none.</param>
    internal static int LevelOfAll(int own, MemberTable members, Func<ulong, int?> known)
    {
        var level = own;
        foreach (var member in members.Members)
        {
            if (known(member.Id) is not { } announced)
            {
                return 0;
            }

            level = Math.Min(level, announced);
        }

        return level;
    }

    private int? Known(ulong member) =>
        member == replica.Raft.Id.Value ? state.KnownLevel : reports.Find(member)?.FeatureLevel;
}
