namespace Raftd.Node.Replication;

/// <summary>How often applied changes are written to the state's store, as one synced transaction.</summary>
internal sealed record FlushPolicy
{
    /// <summary>Changes are flushed at the latest this long after the flush before. Longer: fewer syncs, a longer replay
    /// of the log after a crash.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>Flush at once above this many bytes.</summary>
    public required long FreezeBytes { get; init; }

    /// <summary>The applier waits for the flusher above this many bytes of changes in memory.</summary>
    public required long MaxOverlayBytes { get; init; }
}
