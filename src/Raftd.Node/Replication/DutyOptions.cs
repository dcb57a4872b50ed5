namespace Raftd.Node.Replication;

/// <summary>What the leader's duties are measured by.</summary>
internal sealed record DutyOptions
{
    /// <summary>Replicated logical bytes above which the NOSPACE alarm is raised.</summary>
    public required long QuotaBytes { get; init; }

    public required CompactionPolicy Compaction { get; init; }
}
