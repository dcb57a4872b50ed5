using Microsoft.Extensions.Logging;
using Raftd.State.Leading;
using Raftd.Store;

namespace Raftd.Node.Replication;

/// <summary>Proposes compactions, one at a time: by age and count once a second, for room as soon as it is needed.</summary>
/// <remarks>On the replica's thread. Safety does not depend on it: the next leader makes up for a compaction that is
/// lost.</remarks>
internal sealed class Compactor(
    Replica replica, StateMachine state, CompactionPolicy policy, TimeProvider time, ILogger logger)
{
    private Task _proposed = Task.CompletedTask;

    private bool IsIdle => _proposed.IsCompleted;

    /// <summary>About once a second.</summary>
    public void Tick()
    {
        if (IsIdle && policy.Next(state.View(), time) is { } revision)
        {
            NodeLog.Compacting(logger, revision);
            Propose(revision);
        }
    }

    /// <summary>With each step of the replica: history is too large, or a write waits for room.</summary>
    public void MakeRoom(bool isAwaited)
    {
        if (IsIdle && replica.IsPromoted && policy.ForRoom(state.View(), isAwaited) is { } revision)
        {
            NodeLog.CompactingForRoom(logger, revision);
            Propose(revision);
        }
    }

    private void Propose(long revision) => _proposed = replica.ProposeFromLoop(replica.OwnCommands.Compact(revision));
}
