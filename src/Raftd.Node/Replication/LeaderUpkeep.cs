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
using Raftd.State.Timekeeping;

namespace Raftd.Node.Replication;

internal sealed class LeaderUpkeep(
    Replica replica, Lessor lessor, SpaceAlarms alarms, LevelRaiser levels, Compactor compactor, TimeProvider time, ILogger logger)
{
    // Expiries in one entry: enough to end a storm soon, few enough not to hold up the writes behind it.
    private const int MaxExpiriesPerTick = 1000;
    private const int MaxCheckpointsPerEntry = 500;

    private static readonly TimeSpan CompactionInterval = TimeSpan.FromSeconds(1);

    // Proposals whose outcome the leases depend on. They are checked once a tick on the replica's thread, so that no
    // continuation runs outside the member's own steps.
    private readonly List<(Task<ProposalOutcome> Proposed, Action Dropped)> _proposed = [];
    private Task<ProposalOutcome>? _expiry;
    private Task<ProposalOutcome>? _checkpoint;
    private long _lastCompaction;

    /// <summary>On the replica's thread, after each tick.</summary>
    public void Tick()
    {
        SettleProposed();
        if (!replica.IsPromoted)
        {
            return;
        }

        ExpireLeases();
        CheckpointLeases();
        PromoteLearners();
        alarms.Tick();
        levels.Tick();
        if (_lastCompaction == 0 || time.GetElapsedTime(_lastCompaction) >= CompactionInterval)
        {
            _lastCompaction = time.GetTimestamp();
            compactor.Tick();
        }
    }

    /// <summary>One batch at a time, so that a storm of expiries never has more than one in the log before other writes.</summary>
    private void ExpireLeases()
    {
        if (_expiry is { IsCompleted: false } || lessor.CollectDue(MaxExpiriesPerTick) is not { } due)
        {
            return;
        }

        _expiry = replica.ProposeFromLoop(replica.OwnCommands.LeaseExpire(due));
        WhenDropped(_expiry, () => lessor.ExpiryDropped(due));
    }

    /// <summary>Leases of a proposal that is certainly in no log may be proposed again. If the outcome is unknown, the entry may
    /// still be applied, and it would undo a renewal that was acknowledged without an entry meanwhile. So those leases stay
    /// pending until the entry is applied, or this member does not lead any more.</summary>
    private void WhenDropped(Task<ProposalOutcome> proposed, Action dropped) => _proposed.Add((proposed, dropped));

    private void SettleProposed()
    {
        foreach (var (proposed, dropped) in _proposed)
        {
            if (proposed.IsCompleted && proposed.Result.End is not (ProposalEnd.Applied or ProposalEnd.Unknown))
            {
                dropped();
            }
        }

        _proposed.RemoveAll(static item => item.Proposed.IsCompleted);
    }

    /// <summary>At each tick: the shortest silence is a quarter of a second.</summary>
    private void CheckpointLeases()
    {
        if (_checkpoint is { IsCompleted: false } || lessor.CollectCheckpoints(MaxCheckpointsPerEntry) is not { } silent)
        {
            return;
        }

        _checkpoint = replica.ProposeFromLoop(replica.OwnCommands.LeaseCheckpoint(silent));
        WhenDropped(_checkpoint, () => lessor.CheckpointsDropped(silent));
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
