using Raftd.Node.Membership.Changes;
using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>A request about the members that only a leader handles, and the task that its caller awaits (MembershipQueue).</summary>
/// <param name="deadline">Timestamp after which it is no longer begun.</param>
internal abstract class MembershipRequest(long deadline)
    : TaskCompletionSource<MembershipOutcome>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public long Deadline { get; } = deadline;

    /// <summary>Another configuration.</summary>
    internal sealed class Change(MembershipChange wanted, long deadline) : MembershipRequest(deadline)
    {
        public MembershipChange Wanted { get; } = wanted;
    }

    /// <summary>Leadership for another member.</summary>
    /// <param name="to">0 for the member most likely to win.</param>
    /// <param name="deadline">As in the base class.</param>
    internal sealed class HandOver(ulong to, long deadline) : MembershipRequest(deadline)
    {
        public ulong To { get; } = to;
    }
}

/// <summary>The result of a membership request.</summary>
internal sealed record MembershipOutcome
{
    /// <summary>Null when it was done or there was nothing to do; else NotLeaderException when another leader may do it, or the
    /// refusal.</summary>
    public Exception? Failure { get; init; }

    /// <summary>Not 0: the outcome is a decision of this term's leader without an entry. It holds only if that member still led
    /// when it decided.</summary>
    public ulong DecidedIn { get; init; }

    /// <summary>The members after a change.</summary>
    public Configuration Configuration { get; init; } = Configuration.Empty;

    /// <summary>The leader after leadership was handed over.</summary>
    public ulong Leader { get; init; }
}
