using Raftd.Node.Membership;
using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>What other threads see of the replica: immutable, replaced after each step that changed it.</summary>
internal sealed record ReplicaStatus
{
    public required RaftRole Role { get; init; }

    public required ulong Term { get; init; }

    public required NodeId Leader { get; init; }

    public required ulong Commit { get; init; }

    /// <summary>The configuration in force, committed or not: its members are counted and dialled.</summary>
    public required Configuration Configuration { get; init; }

    /// <summary>The members of <see cref="Configuration"/>.</summary>
    public required MemberTable Members { get; init; }

    /// <summary>The newest committed configuration, which clients are told. A change that may yet be rolled back is not in it.</summary>
    public required Configuration CommittedConfiguration { get; init; }

    /// <summary>The members of <see cref="CommittedConfiguration"/>.</summary>
    public required MemberTable CommittedMembers { get; init; }

    /// <summary>Index of the entry that holds <see cref="CommittedConfiguration"/>; 0 before this member knows of one.</summary>
    public required ulong CommittedConfigurationIndex { get; init; }

    /// <summary>This member leads and has applied the first entry of its term: it may answer about leases.</summary>
    public required bool IsPromoted { get; init; }

    /// <summary>This member is the only one and leads: every acknowledged write is visible here already, so a read needs no
    /// round.</summary>
    public required bool LeadsAlone { get; init; }

    /// <summary>This member may have lost entries, and no leader has made it whole since: its votes and acknowledgements count
    /// only as docs/raft.md says.</summary>
    public required bool IsRecovering { get; init; }

    /// <summary>The reason why this member has fenced itself, or null.</summary>
    public required string? FencedBecause { get; init; }

    /// <summary>Not (yet) a voter of the configuration in force.</summary>
    public required bool IsLearner { get; init; }

    public bool IsLeader => Role == RaftRole.Leader;

    /// <summary>That member is in no configuration that this member knows to be current: it seems to have been removed.</summary>
    /// <remarks>Certain only once a read round that began later is confirmed: a member that is behind, or was deposed without
    /// knowing it, has not heard of members added since.</remarks>
    public bool HasGoneOnWithout(ulong member) =>
        CommittedConfigurationIndex > 0 && CommittedMembers.Find(member) is null && Members.Find(member) is null;
}
