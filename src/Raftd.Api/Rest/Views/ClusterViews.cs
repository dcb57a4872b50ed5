using System.Globalization;
using System.Text.Json.Serialization;
using Raftd.Contract;

namespace Raftd.Api.Rest.Views;

/// <summary>The body of POST /join. The names are those that the Go raftd posts.</summary>
internal sealed record JoinBody
{
    public string? Id { get; init; }

    [JsonPropertyName("httpAddr")]
    public string? HttpAddr { get; init; }

    [JsonPropertyName("raftAddr")]
    public string? RaftAddr { get; init; }

    /// <summary>A string or a number: JavaScript cannot hold 64 bits in a number.</summary>
    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)]
    public ulong Instance { get; init; }

    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)]
    public int? Generator { get; init; }

    [JsonPropertyName("featureLevel")]
    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)]
    public int? FeatureLevel { get; init; }
}

internal sealed record JoinView(string ClusterId, string MemberId, int Generator, IReadOnlyList<MemberView> Members)
{
    public static JoinView Of(JoinResponse answer, string scheme) => new(
        MemberView.Format(answer.ClusterId),
        MemberView.Format(answer.MemberId),
        answer.Generator,
        [.. answer.Members.Select(member => MemberView.Of(member, leader: 0, scheme))]);
}

internal sealed record MemberListView(string ClusterId, string Leader, IReadOnlyList<MemberView> Members)
{
    public static MemberListView Of(MemberListResponse answer, string scheme) => new(
        MemberView.Format(answer.ClusterId),
        MemberView.Format(answer.Leader),
        [.. answer.Members.Select(member => MemberView.Of(member, answer.Leader, scheme))]);
}

/// <summary>One member.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Label">The name its operator gave it; empty until it has been started.</param>
/// <param name="HttpAddr">Where clients reach it; empty until it has been started.</param>
/// <param name="RaftAddr">Where its peers reach it.</param>
/// <param name="Url">Where clients reach it, with the scheme; empty until it has been started.</param>
/// <param name="Learner">It receives the log and does not vote yet.</param>
/// <param name="Leader">It leads; absent where the answer does not know.</param>
internal sealed record MemberView(
    string Id, string Label, string HttpAddr, string RaftAddr, string Url, bool Learner, bool? Leader)
{
    public static MemberView Of(Member member, ulong leader, string scheme) => new(
        Format(member.Id),
        member.Label,
        member.HttpAddress,
        member.PeerAddress,
        member.HttpAddress.Length > 0 ? $"{scheme}://{member.HttpAddress}" : "",
        member.IsLearner,
        leader == 0 ? null : member.Id == leader);

    public static string Format(ulong id) => id.ToString(CultureInfo.InvariantCulture);
}

internal sealed record LeaderView(string Leader);

internal sealed record StatusView
{
    public required string ClusterId { get; init; }

    public required string MemberId { get; init; }

    public required string Label { get; init; }

    public required string HttpAddr { get; init; }

    public required string RaftAddr { get; init; }

    public required string Role { get; init; }

    public required ulong Term { get; init; }

    public required string Leader { get; init; }

    public string? LeaderUrl { get; init; }

    public required ulong CommitIndex { get; init; }

    public required ulong AppliedIndex { get; init; }

    public required string AppliedHash { get; init; }

    public required string Revision { get; init; }

    public required long KeyCount { get; init; }

    public required long StateBytes { get; init; }

    public required long StateBytesInUse { get; init; }

    public required long LogBytes { get; init; }

    public required long LogicalBytes { get; init; }

    public required long HistoryBytes { get; init; }

    public required string CompactRevision { get; init; }

    public required long QuotaBytes { get; init; }

    public required LimitsView Limits { get; init; }

    public required int FeatureLevel { get; init; }

    public required IReadOnlyList<string> Alarms { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    public BackupsView? Backups { get; init; }

    public required string Version { get; init; }

    public static StatusView Of(MemberStatus status, GroupStatus group, EngineLimits limits) => new()
    {
        ClusterId = MemberView.Format(status.ClusterId),
        MemberId = MemberView.Format(status.MemberId),
        Label = status.Label,
        HttpAddr = status.HttpAddress,
        RaftAddr = status.PeerAddress,
        Role = RoleName(group.Role),
        Term = group.Term,
        Leader = MemberView.Format(status.Leader),
        LeaderUrl = status.LeaderUrl,
        CommitIndex = group.CommitIndex,
        AppliedIndex = group.AppliedIndex,
        AppliedHash = group.AppliedHash.ToString("x16", CultureInfo.InvariantCulture),
        Revision = RestCall.Format(status.Revision),
        KeyCount = status.KeyCount,
        StateBytes = status.StateBytes,
        StateBytesInUse = status.StateBytesInUse,
        LogBytes = group.LogBytes,
        LogicalBytes = status.LogicalBytes,
        HistoryBytes = status.HistoryBytes,
        CompactRevision = RestCall.Format(status.CompactRevision),
        QuotaBytes = status.QuotaBytes,
        Limits = new LimitsView(limits.MaxKeyBytes, limits.MaxValueBytes, limits.MaxChangedKeys),
        FeatureLevel = status.FeatureLevel,
        Alarms = status.Alarms,
        Warnings = status.Warnings,
        Backups = status.Backups is { } backups ? BackupsView.Of(backups) : null,
        Version = status.Version,
    };

    private static string RoleName(MemberRole role) => role switch
    {
        MemberRole.Leader => "leader",
        MemberRole.Candidate => "candidate",
        MemberRole.Learner => "learner",
        _ => "follower",
    };
}

/// <summary>Of the engine; what it does not bound is left out.</summary>
internal sealed record LimitsView(int? MaxKeyBytes, int MaxValueBytes, int? MaxChangedKeys);

/// <summary>`failure` is left out where the last backup succeeded, and what speaks of the newest one while there is none.</summary>
internal sealed record BackupsView(string Directory, string? File, string? Revision, DateTimeOffset? Time, string? Failure)
{
    public static BackupsView Of(BackupStatus status) => new(
        status.Directory, status.Last?.File, status.Last is { } last ? RestCall.Format(last.Revision) : null, status.Last?.Time, status.Failure);
}

/// <summary>etcd's /health. `health` is text there, and stays so.</summary>
internal sealed record HealthView(string Health, string Reason, IReadOnlyList<HealthCheckView>? Checks);

internal sealed record HealthCheckView(string Name, bool Ok, string? Failure);

/// <summary>etcd's /version, and our own.</summary>
internal sealed record VersionView(string Etcdserver, string Etcdcluster, string Storage, string Raftd);
