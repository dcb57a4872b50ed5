using Raftd.State.Commands;
using Raftd.State.Leading;

namespace Raftd.Node.Replication;

/// <summary>A command on its way through the log, and the task that its caller awaits.</summary>
/// <param name="command">The encoded command; the caller never writes to the bytes again.</param>
/// <param name="deadline">Timestamp after which the caller is told that the outcome is unknown.</param>
/// <param name="budget">Gets the command's bytes back when the proposal ends.</param>
/// <param name="growthBytes">Most logical bytes that it adds to the state; 0 for commands outside the quota.</param>
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

    /// <summary>Called at the end, on the thread that ends the proposal: for callers that are stepped and do not await. It must not
    /// wait.</summary>
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
