namespace Raftd.Node.Replication;

/// <summary>What the leader's duties are measured by.</summary>
internal sealed record DutyOptions
{
    /// <summary>Replicated logical bytes that the state may have; writes that would pass it wait or are refused.</summary>
    public required long QuotaBytes { get; init; }

    public required CompactionPolicy Compaction { get; init; }
}
