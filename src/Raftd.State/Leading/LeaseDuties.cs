using Raftd.State.Commands;
using Raftd.State.Timekeeping;

namespace Raftd.State.Leading;

/// <summary>What a leader does for leases by itself: it ends those whose time is up, and checkpoints what silent ones have left.</summary>
/// <remarks>All of it goes through the log like any other write. A duty that is lost in a change of leader is done by the next leader.
/// Used by one thread, on which no continuation runs: outcomes are looked at once a tick.</remarks>
/// <param name="lessor">Keeps the time.</param>
/// <param name="commands">Of the leader itself, at the level of the cluster now.</param>
/// <param name="propose">Puts a command into the log.</param>
internal sealed class LeaseDuties(
    Lessor lessor, Func<CommandFactory> commands, Func<ReadOnlyMemory<byte>, Task<ProposalOutcome>> propose)
{
    // Expiries in one entry: enough to end a storm soon, few enough not to hold up the writes behind it.
    private const int MaxExpiriesPerTick = 1000;
    private const int MaxCheckpointsPerEntry = 500;

    // Proposals whose outcome the leases depend on.
    private readonly List<(Task<ProposalOutcome> Proposed, Action Dropped)> _proposed = [];
    private Task<ProposalOutcome>? _expiry;
    private Task<ProposalOutcome>? _checkpoint;

    /// <summary>At each tick of a leader.</summary>
    public void Tick()
    {
        ExpireLeases();
        CheckpointLeases();
    }

    /// <summary>At each tick, also where this process does not lead any more.</summary>
    public void Settle()
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

    /// <summary>One batch at a time, so that a storm of expiries never has more than one in the log before other writes.</summary>
    private void ExpireLeases()
    {
        if (_expiry is { IsCompleted: false } || lessor.CollectDue(MaxExpiriesPerTick) is not { } due)
        {
            return;
        }

        _expiry = propose(commands().LeaseExpire(due));
        WhenDropped(_expiry, () => lessor.ExpiryDropped(due));
    }

    /// <summary>At each tick: the shortest silence is a quarter of a second.</summary>
    private void CheckpointLeases()
    {
        if (_checkpoint is { IsCompleted: false } || lessor.CollectCheckpoints(MaxCheckpointsPerEntry) is not { } silent)
        {
            return;
        }

        _checkpoint = propose(commands().LeaseCheckpoint(silent));
        WhenDropped(_checkpoint, () => lessor.CheckpointsDropped(silent));
    }

    /// <summary>Leases of a proposal that is certainly in no log may be proposed again. If the outcome is unknown, the entry may
    /// still be applied, and it would undo a renewal that was acknowledged without an entry meanwhile. So those leases stay
    /// pending until the entry is applied, or this process does not lead any more.</summary>
    private void WhenDropped(Task<ProposalOutcome> proposed, Action dropped) => _proposed.Add((proposed, dropped));
}
