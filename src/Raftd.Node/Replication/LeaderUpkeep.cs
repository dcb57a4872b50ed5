// What a leader does unasked, about once a tick: ends leases whose time is up, keeps remaining times across leaders,
// promotes learners that have caught up, raises and clears alarms of space, raises the feature level, and compacts.
//
// All of it goes through the log like any other write. Nothing here is needed for safety: a duty that is missed because
// leadership changed is the next leader's.

using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Membership.Changes;
using Raftd.Raft;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.State.Timekeeping;

namespace Raftd.Node.Replication;

internal sealed class LeaderUpkeep(
    Replica replica, Lessor lessor, SpaceAlarms alarms, LevelRaiser levels, Compactor compactor, TimeProvider time, ILogger logger)
{
    // Expiries in one entry: large enough to drain a storm, small enough not to hold up writes behind it.
    private const int MaxExpiriesPerTick = 1000;
    private const int MaxCheckpointsPerEntry = 500;

    private static readonly TimeSpan CompactionInterval = TimeSpan.FromSeconds(1);

    // Leases whose fate hangs on a proposal: looked at once a tick, on the replica's thread, so that nothing of a member
    // runs where its owner does not step it.
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

    /// <summary>One batch at a time: a storm never has more than that in the log before other writes.</summary>
    private void ExpireLeases()
    {
        if (_expiry is { IsCompleted: false } || lessor.CollectDue(MaxExpiriesPerTick) is not { } due)
        {
            return;
        }

        _expiry = replica.ProposeFromLoop(CommandFactory.LeaseExpire(due));
        WhenDropped(_expiry, () => lessor.ExpiryDropped(due));
    }

    /// <summary>What surely did not make it into the log is free to be proposed again. Where the outcome is unknown the
    /// entry may still be applied: a renewal acknowledged meanwhile without an entry would be undone by it. What it speaks
    /// of stays pending until it is applied, or this member leads no more.</summary>
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

        _checkpoint = replica.ProposeFromLoop(CommandFactory.LeaseCheckpoint(silent));
        WhenDropped(_checkpoint, () => lessor.CheckpointsDropped(silent));
    }

    /// <summary>At each tick: the core forgets who was active once an election timeout, which is ten ticks, and a look
    /// every ten ticks could fall just behind that, each time anew, and find no peer active for minutes.</summary>
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
