using Raftd.Node.Membership;
using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>What other threads may know of the replica: immutable, replaced after a step that changed it.</summary>
internal sealed record ReplicaStatus
{
    public required RaftRole Role { get; init; }

    public required ulong Term { get; init; }

    public required NodeId Leader { get; init; }

    public required ulong Commit { get; init; }

    /// <summary>Applied and visible to readers.</summary>
    public required ulong Applied { get; init; }

    /// <summary>In force, committed or not: whom this member counts and dials.</summary>
    public required Configuration Configuration { get; init; }

    /// <summary>Of <see cref="Configuration"/>.</summary>
    public required MemberTable Members { get; init; }

    /// <summary>The newest committed one: what clients are told. A change that may yet be rolled back is not in it.</summary>
    public required Configuration CommittedConfiguration { get; init; }

    /// <summary>Of <see cref="CommittedConfiguration"/>.</summary>
    public required MemberTable CommittedMembers { get; init; }

    /// <summary>Of the entry that made <see cref="CommittedConfiguration"/>; 0 before this member knows of one.</summary>
    public required ulong CommittedConfigurationIndex { get; init; }

    /// <summary>This member leads and has applied the first entry of its term: it may speak about leases.</summary>
    public required bool IsPromoted { get; init; }

    /// <summary>This member is the only one and leads: every acknowledged write is visible here already, so a read needs no
    /// round.</summary>
    public required bool LeadsAlone { get; init; }

    /// <summary>Its log was found torn, and it has not caught up since: it neither votes nor acknowledges.</summary>
    public required bool IsRecovering { get; init; }

    /// <summary>Not null: why this member has cut itself off.</summary>
    public required string? FencedBecause { get; init; }

    /// <summary>Not (yet) a voter of the configuration in force.</summary>
    public required bool IsLearner { get; init; }

    public bool IsLeader => Role == RaftRole.Leader;

    /// <summary>The cluster has gone on without that one, as far as this member knows.</summary>
    /// <remarks>Certain only once a read round that began later is confirmed: a member that is behind, or was deposed without
    /// knowing, has not heard of members added since.</remarks>
    public bool HasGoneOnWithout(ulong member) =>
        CommittedConfigurationIndex > 0 && CommittedMembers.Find(member) is null && Members.Find(member) is null;
}
