namespace Raftd.Node.Replication;

/// <summary>The limits that the leader's duties keep.</summary>
internal sealed record DutyOptions
{
    /// <summary>Replicated logical bytes that the state may have; writes that would exceed it wait or are refused.</summary>
    public required long QuotaBytes { get; init; }

    public required CompactionPolicy Compaction { get; init; }
}
