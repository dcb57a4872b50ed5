namespace Raftd.Node.Replication;

/// <summary>How often applied changes are written to the state's store, as one synced transaction.</summary>
internal sealed record FlushPolicy
{
    /// <summary>Changes are flushed at the latest this long after the flush before. Longer: fewer syncs, a longer replay
    /// of the log after a crash.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Flush at once above this many bytes.</summary>
    public long FreezeBytes { get; init; } = 16 << 20;

    /// <summary>The applier waits for the flusher above this many bytes of changes in memory.</summary>
    public long MaxOverlayBytes { get; init; } = 96 << 20;
}
