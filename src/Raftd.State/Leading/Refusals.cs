using Raftd.Contract;
using Raftd.State.Commands;

namespace Raftd.State.Leading;

/// <summary>What an ended proposal means to its caller.</summary>
public static class Refusals
{
    /// <exception cref="NotLeaderException">Surely not proposed.</exception>
    /// <exception cref="StoreException">It was refused, or its outcome is unknown.</exception>
    public static CommandResult Result(ProposalOutcome outcome) => outcome.End switch
    {
        ProposalEnd.Applied => outcome.Result!,
        ProposalEnd.NotProposed => throw new NotLeaderException("this member does not lead"),
        _ => throw Of(outcome),
    };

    /// <summary>As <see cref="Result"/>, for entries that have no result of their own.</summary>
    public static void ThrowUnlessApplied(ProposalOutcome outcome)
    {
        if (outcome.End != ProposalEnd.Applied)
        {
            Result(outcome);
        }
    }

    /// <summary>Of an end that is neither a result nor worth another attempt.</summary>
    public static StoreException Of(ProposalOutcome outcome) => outcome.End switch
    {
        ProposalEnd.Refused => outcome.Refusal!,
        ProposalEnd.TooMany => TooMany(),
        ProposalEnd.QuotaExceeded => new StoreException(
            ErrorCode.NoSpace, outcome.Reason,
            "delete keys, or raise -quota-bytes on every member; reads, deletes and smaller writes still work"),
        ProposalEnd.LevelTooLow => new StoreException(
            ErrorCode.LevelTooLow, outcome.Reason, "upgrade every member; the level then rises by itself, and /status shows it"),
        ProposalEnd.NoSpace => new StoreException(
            ErrorCode.NoSpace, "the leader's disk is full", "free space on the leader's disk; reads still work"),
        _ => Unknown("the write was proposed and not confirmed in time"),
    };

    public static StoreException TooMany() => new(
        ErrorCode.TooManyRequests, "too many writes are waiting", "slow down, and try again");

    public static StoreException Unknown(string why) => new(
        ErrorCode.UnknownOutcome, $"{why}: it may or may not take effect", "read to find out before you try again");

    public static StoreException Fenced(string why) => new(
        ErrorCode.NotReady, $"this member is fenced: {why}", "ask another member");
}
