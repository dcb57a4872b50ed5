// Membership and the state of this member. Ids of members and of the cluster are uint64, drawn at random and never used
// twice; a label is the name its operator gave a member with -id.

namespace Raftd.Contract;

public sealed record Member
{
    public required ulong Id { get; init; }

    /// <summary>Empty for a member that was added and has not been started.</summary>
    public required string Label { get; init; }

    /// <summary>host:port where clients reach it; empty for a member that was added and has not been started.</summary>
    public required string HttpAddress { get; init; }

    /// <summary>host:port where its peers reach it.</summary>
    public required string PeerAddress { get; init; }

    /// <summary>Receives the log, does not vote yet.</summary>
    public required bool IsLearner { get; init; }
}

public sealed record MemberListResponse
{
    public required ulong ClusterId { get; init; }

    /// <summary>0 while no leader is known.</summary>
    public required ulong Leader { get; init; }

    /// <summary>Ordered by label, then id.</summary>
    public required IReadOnlyList<Member> Members { get; init; }
}

public sealed record JoinRequest
{
    public required string Label { get; init; }

    public required string HttpAddress { get; init; }

    public required string PeerAddress { get; init; }

    /// <summary>The random number that the joining directory drew for itself before it first asked; 0 where it is not
    /// given. It tells the member that asks again from a wiped directory under an old label.</summary>
    public ulong Instance { get; init; }

    /// <summary>The snowflake generator number the operator asks for, 0 to 1 023; null lets the cluster choose.</summary>
    public int? Generator { get; init; }

    /// <summary>The newest feature level that the joining member knows.</summary>
    public required int FeatureLevel { get; init; }

    /// <summary>What is wrong with the label or an address, under the names of the route; null for nothing. What is let in
    /// here is dialled by every member from then on.</summary>
    public string? Problem() =>
        !MemberNames.IsLabel(Label)
            ? $"`id` {Shown(Label)} is no label: wanted are 1 to {MemberNames.MaxLabelBytes} bytes without white space or control "
                + "characters, such as node02"
            : AddressProblem("httpAddr", HttpAddress, "10.0.0.2:7200") ?? PeerAddressProblem(PeerAddress);

    internal static string? PeerAddressProblem(string address) => AddressProblem("raftAddr", address, "10.0.0.2:8200");

    private static string? AddressProblem(string field, string address, string example) => MemberNames.IsAddress(address)
        ? null
        : $"`{field}` {Shown(address)} is no address that other members can reach: wanted is host:port, such as {example}";

    private static string Shown(string text) => text.Length <= MaxShownChars ? $"`{text}`" : $"of {text.Length} characters";

    private const int MaxShownChars = 300;
}

/// <summary>A member that is still to be started.</summary>
public sealed record MemberAddRequest
{
    /// <summary>host:port where its peers will reach it.</summary>
    public required string PeerAddress { get; init; }

    /// <summary>It stays a learner until a request promotes it; else it votes as soon as it has caught up.</summary>
    public bool StaysLearner { get; init; }

    /// <summary>What is wrong with the address; null for nothing.</summary>
    public string? Problem() => JoinRequest.PeerAddressProblem(PeerAddress);
}

/// <summary>Another address for a member.</summary>
public sealed record MemberUpdateRequest
{
    public required ulong Id { get; init; }

    /// <summary>host:port where its peers will reach it.</summary>
    public required string PeerAddress { get; init; }

    /// <summary>What is wrong with the address; null for nothing.</summary>
    public string? Problem() => JoinRequest.PeerAddressProblem(PeerAddress);
}

public sealed record JoinResponse
{
    public required ulong ClusterId { get; init; }

    public required ulong MemberId { get; init; }

    public required int Generator { get; init; }

    /// <summary>The committed members, the new one included.</summary>
    public required IReadOnlyList<Member> Members { get; init; }
}

public enum MemberRole
{
    Follower,
    Candidate,
    Leader,
    Learner,
}

/// <summary>What this member knows of itself, answered without asking another.</summary>
public sealed record MemberStatus
{
    public required ulong ClusterId { get; init; }

    public required ulong MemberId { get; init; }

    public required string Label { get; init; }

    public required string HttpAddress { get; init; }

    public required string PeerAddress { get; init; }

    /// <summary>0 while none is known.</summary>
    public required ulong Leader { get; init; }

    public required string? LeaderUrl { get; init; }

    public required long Revision { get; init; }

    public required long KeyCount { get; init; }

    /// <summary>Bytes of the stored state, and of it in use.</summary>
    public required long StateBytes { get; init; }

    public required long StateBytesInUse { get; init; }

    /// <summary>Replicated logical bytes, which the quota bounds.</summary>
    public required long LogicalBytes { get; init; }

    /// <summary>The part of LogicalBytes that a compaction would free.</summary>
    public required long HistoryBytes { get; init; }

    /// <summary>The lowest revision that can be read; 0 before the first compaction.</summary>
    public required long CompactRevision { get; init; }

    public required long QuotaBytes { get; init; }

    /// <summary>The cluster's, as far as it is applied here; 0 before the member runs.</summary>
    public required int FeatureLevel { get; init; }

    /// <summary>As `NOSPACE` or `CORRUPT:member id`.</summary>
    public required IReadOnlyList<string> Alarms { get; init; }

    /// <summary>What an operator should mend though nothing fails yet, in words.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Of the scheduled backups; null where this member makes none.</summary>
    public required BackupStatus? Backups { get; init; }

    public required string Version { get; init; }
}

/// <summary>How a member's scheduled backups stand.</summary>
/// <param name="Directory">Where they are.</param>
/// <param name="Last">The newest whole one; null while there is none.</param>
/// <param name="Failure">Why the last attempt made none; null where it did.</param>
public sealed record BackupStatus(string Directory, SavedBackup? Last, string? Failure);

/// <summary>One backup in its directory.</summary>
public sealed record SavedBackup(string File, long Revision, DateTimeOffset Time);

/// <summary>Where an answer comes from. All are 0 before the member runs.</summary>
/// <param name="ClusterId">The cluster.</param>
/// <param name="MemberId">The member that answers.</param>
/// <param name="Term">Rises with each leader; 0 for an engine that has none.</param>
public readonly record struct Origin(ulong ClusterId, ulong MemberId, ulong Term);

/// <summary>Where a member stands in its group: its part in the vote, and how far its log has come.</summary>
public sealed record GroupStatus
{
    public required MemberRole Role { get; init; }

    public required ulong Term { get; init; }

    public required ulong CommitIndex { get; init; }

    public required ulong AppliedIndex { get; init; }

    /// <summary>The hash chain over all that was applied, up to AppliedIndex; equal on all members.</summary>
    public required ulong AppliedHash { get; init; }

    /// <summary>Of the log's files.</summary>
    public required long LogBytes { get; init; }
}

/// <summary>One health check: its name, and the reason where it fails.</summary>
public sealed record HealthCheck(string Name, string? Failure)
{
    public bool Passed => Failure is null;
}
