using Raftd.State.Commands;
using Raftd.State.Leading;

namespace Raftd.Node.Replication;

/// <summary>A command on its way through the log, and who waits for its result.</summary>
/// <param name="command">The encoded command; the caller leaves the bytes alone.</param>
/// <param name="deadline">Timestamp after which the caller is told that the outcome is unknown.</param>
/// <param name="budget">Gets the command's bytes back when the proposal ends.</param>
/// <param name="growthBytes">Logical bytes it adds to the state at most; 0 for what the quota does not concern.</param>
internal sealed class Proposal(ReadOnlyMemory<byte> command, long deadline, ByteBudget budget, long growthBytes)
    : TaskCompletionSource<ProposalOutcome>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public ReadOnlyMemory<byte> Command { get; } = command;

    public long Deadline { get; } = deadline;

    public long GrowthBytes { get; } = growthBytes;

    /// <summary>Term of the entry that carries it; set by the replica when it is proposed.</summary>
    public ulong Term { get; set; }

    /// <summary>Index of the entry that carries it; set by the replica when it is proposed.</summary>
    public ulong Index { get; set; }

    /// <summary>Told of the end on the thread that ends it: for a caller that is stepped, and must not wait in it.</summary>
    public Action<ProposalOutcome>? Ended { get; init; }

    /// <summary>Tells the caller, once: a later end of the same proposal changes nothing.</summary>
    public void End(ProposalEnd end, CommandResult? result = null, string reason = "")
    {
        var outcome = new ProposalOutcome(end, result, reason);
        if (TrySetResult(outcome))
        {
            budget.GiveBack(Command.Length);
            Ended?.Invoke(outcome);
        }
    }
}
