using Raftd.Store.Commands;

namespace Raftd.Node.Replication;

/// <summary>How a proposal ended.</summary>
internal enum ProposalEnd
{
    /// <summary>Committed and applied; the result says what it did.</summary>
    Applied,

    /// <summary>Certainly not proposed, or certainly overwritten: trying again elsewhere is safe.</summary>
    NotProposed,

    /// <summary>In a leader's log when its time was up: it may still be applied, and only a read tells.</summary>
    Unknown,

    /// <summary>The uncommitted tail or a queue is full; nothing was proposed.</summary>
    TooMany,

    /// <summary>The leader's disk has no room for it; nothing was proposed.</summary>
    NoSpace,

    /// <summary>The live data leaves no room for it within the quota; nothing was proposed.</summary>
    QuotaExceeded,

    /// <summary>It needs a feature level above the cluster's; nothing was proposed.</summary>
    LevelTooLow,
}

/// <summary>An end, with <see cref="ProposalEnd.Applied"/> the result, and with <see cref="ProposalEnd.QuotaExceeded"/> and
/// <see cref="ProposalEnd.LevelTooLow"/> the reason in numbers.</summary>
internal readonly record struct ProposalOutcome(ProposalEnd End, CommandResult? Result = null, string Reason = "");

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
