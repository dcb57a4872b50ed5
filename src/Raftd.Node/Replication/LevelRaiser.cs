// Raises the cluster's feature level once every member knows a higher one (Commands/FeatureLevel.cs).
//
// The danger is a member that does not understand what the others have agreed on: it stops, and a cluster that has lost
// one has lost its reserve. What is announced is only believed while it is fresh. And members may join, or be put back to
// an older build, while the entry is on its way. So:
//
//   1. The leader asks for fresh announcements of all members of the newest configuration, learners included. That
//      configuration must be applied: one that is on its way may bring a member.
//   2. The entry names that configuration. Apply makes it void if another one got into the log before it.
//   3. While the entry is on its way no change of the members is proposed, and none before the leader has applied what
//      earlier leaders left in the log (MembershipQueue): behind the entry no configuration brings a member that was held
//      against the level before it.
//
// Invariant: a configuration in force at level N has no member whose announcement, or whose join, said less than N.
// A member that was put back to an older build less than PeerReports.Freshness ago is the one that this cannot see: it
// stops, says which level it needs, and goes on with the newer build.

using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.State.Commands;
using Raftd.Store;

namespace Raftd.Node.Replication;

/// <summary>A duty of the leader, on the replica's thread.</summary>
internal sealed class LevelRaiser(Replica replica, StateMachine state, PeerReports reports, ILogger logger)
{
    /// <summary>At each tick.</summary>
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
            replica.RaiseLevel(CommandFactory.RaiseLevel(level, view.ConfigurationIndex));
        }
    }

    /// <summary>The newest level that all members know; 0 where one of them has not said so lately.</summary>
    /// <param name="own">Of this member, whether or not it is one of them.</param>
    /// <param name="members">Of the configuration.</param>
    /// <param name="known">What a member announces; null for nothing.</param>
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
