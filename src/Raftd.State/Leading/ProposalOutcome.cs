using Raftd.Contract;
using Raftd.State.Commands;

namespace Raftd.State.Leading;

/// <summary>How a proposal ended.</summary>
public enum ProposalEnd
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

    /// <summary>The engine cannot do it, or not now; nothing was proposed.</summary>
    Refused,
}

/// <summary>An end, with <see cref="ProposalEnd.Applied"/> the result, and with <see cref="ProposalEnd.QuotaExceeded"/> and
/// <see cref="ProposalEnd.LevelTooLow"/> the reason in numbers; with <see cref="ProposalEnd.Refused"/> the refusal.</summary>
public readonly record struct ProposalOutcome(
    ProposalEnd End, CommandResult? Result = null, string Reason = "", StoreException? Refusal = null);
