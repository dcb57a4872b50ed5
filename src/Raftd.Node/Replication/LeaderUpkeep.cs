// What a leader does by itself, about once a tick: expires leases, checkpoints their remaining times for the next leader,
// promotes learners that have caught up, raises and clears alarms of space, raises the feature level, and compacts.
//
// All of it goes through the log like any other write. Safety does not depend on it: a duty that is lost in a change of
// leader is done by the next leader.

using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Membership.Changes;
using Raftd.Raft;
using Raftd.State.Leading;

namespace Raftd.Node.Replication;

internal sealed class LeaderUpkeep(
    Replica replica, LeaseDuties leases, SpaceAlarms alarms, LevelRaiser levels, Compactor compactor, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan CompactionInterval = TimeSpan.FromSeconds(1);

    private long _lastCompaction;

    /// <summary>On the replica's thread, after each tick.</summary>
    public void Tick()
    {
        leases.Settle();
        if (!replica.IsPromoted)
        {
            return;
        }

        leases.Tick();
        PromoteLearners();
        alarms.Tick();
        levels.Tick();
        if (_lastCompaction == 0 || time.GetElapsedTime(_lastCompaction) >= CompactionInterval)
        {
            _lastCompaction = time.GetTimestamp();
            compactor.Tick();
        }
    }

    /// <summary>At each tick. The core forgets which peers were active once an election timeout, which is ten ticks: a check
    /// every ten ticks could come just after that each time, and find no active peer for minutes.</summary>
    private void PromoteLearners()
    {
        var raft = replica.Raft;
        var members = replica.Status.Members;
        foreach (var learner in raft.Configuration.Learners)
        {
            var member = members.Find(learner.Value);
            var progress = LearnerProgress.Of(raft, learner);
            if (member is { PromoteWhenCaughtUp: true } && progress.HasCaughtUp)
            {
                var (result, _) = replica.ProposeConfiguration(PromoteChange.With(raft.Configuration, members, member));
                if (result == ProposeResult.Accepted)
                {
                    NodeLog.Promoting(logger, learner.Value, progress.Match);
                }

                return;
            }
        }
    }
}
