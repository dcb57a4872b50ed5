using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>Work for the applier, done in the order in which it is posted.</summary>
internal abstract record ApplyWork
{
    /// <summary>Committed entries in log order, each with the proposal that it carries, or null if it is not of this member.</summary>
    public sealed record Committed(IReadOnlyList<Entry> Entries, Proposal?[] Proposals) : ApplyWork;

    /// <summary>Replace the state by a received snapshot.</summary>
    public sealed record Install(PendingInstall Pending) : ApplyWork;

    /// <summary>This member leads and has applied the first entry of the term: leases count from now on.</summary>
    public sealed record Promote(ulong Term) : ApplyWork;

    /// <summary>This member does not lead any more.</summary>
    public sealed record Demote : ApplyWork;
}
