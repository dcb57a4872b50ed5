using Raftd.State.Commands;

namespace Raftd.State.Leading;

/// <summary>How a proposal ended.</summary>
public enum ProposalEnd
{
    /// <summary>Committed and applied; the result says what it did.</summary>
    Applied,

    /// <summary>Surely not proposed, or surely overwritten: trying again elsewhere is safe.</summary>
    NotProposed,

    /// <summary>In the log of a leader whose time was up before it was applied: only a read tells.</summary>
    Unknown,

    /// <summary>The uncommitted tail or a queue is full; nothing was proposed.</summary>
    TooMany,

    /// <summary>The leader's disk has no room for it; nothing was proposed.</summary>
    NoSpace,

    /// <summary>The live data leave no room for it within the quota; nothing was proposed.</summary>
    QuotaExceeded,

    /// <summary>It needs a feature level above the cluster's; nothing was proposed.</summary>
    LevelTooLow,
}

/// <summary>An end, with <see cref="ProposalEnd.Applied"/> the result, and with <see cref="ProposalEnd.QuotaExceeded"/> and
/// <see cref="ProposalEnd.LevelTooLow"/> the reason in numbers.</summary>
public readonly record struct ProposalOutcome(ProposalEnd End, CommandResult? Result = null, string Reason = "");
