using Raftd.Node.Membership.Changes;
using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>Something about the members that only a leader does, and who waits for it (MembershipQueue).</summary>
/// <param name="deadline">Timestamp after which it is not begun any more.</param>
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
    /// <param name="to">0 for the one that is likeliest to take it.</param>
    /// <param name="deadline">As for all.</param>
    internal sealed class HandOver(ulong to, long deadline) : MembershipRequest(deadline)
    {
        public ulong To { get; } = to;
    }
}

/// <summary>What became of it.</summary>
internal sealed record MembershipOutcome
{
    /// <summary>Null where it was done, or there was nothing to do: else NotLeaderException for what another leader may do, or
    /// the refusal.</summary>
    public Exception? Failure { get; init; }

    /// <summary>Not 0: the outcome is a decision of this term's leader that no entry bears out. It is true only if that member
    /// still led when it decided.</summary>
    public ulong DecidedIn { get; init; }

    /// <summary>The members after a change.</summary>
    public Configuration Configuration { get; init; } = Configuration.Empty;

    /// <summary>Who leads after leadership was handed over.</summary>
    public ulong Leader { get; init; }
}
