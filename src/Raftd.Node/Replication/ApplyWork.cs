using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>Work for the applier, in the order in which it must happen.</summary>
internal abstract record ApplyWork
{
    /// <summary>Committed entries in log order, each with the proposal it carries (null where it is not ours).</summary>
    public sealed record Committed(IReadOnlyList<Entry> Entries, Proposal?[] Proposals) : ApplyWork;

    /// <summary>Replace the state by a received snapshot.</summary>
    public sealed record Install(PendingInstall Pending) : ApplyWork;

    /// <summary>This member leads and has applied the first entry of the term: leases count from now on.</summary>
    public sealed record Promote(ulong Term) : ApplyWork;

    /// <summary>This member leads no more.</summary>
    public sealed record Demote : ApplyWork;
}
