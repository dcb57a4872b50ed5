namespace Raftd.State.Watch;

/// <summary>What watches may keep in memory, and how often they say that nothing has happened.</summary>
public sealed record WatchOptions
{
    /// <summary>Bytes of changes that are published and not yet dispatched. Past it they are dropped and read from history.
    /// </summary>
    public long MaxPublishedBytes { get; init; } = 32 << 20;

    /// <summary>Bytes that one session may have unread before its watches wait.</summary>
    public long MaxSessionBytes { get; init; } = 1 << 20;

    /// <summary>Bytes that all sessions may have unread together before each may have only the least.</summary>
    public long MaxQueuedBytes { get; init; } = 256 << 20;

    public long LeastSessionBytes { get; init; } = 64 << 10;

    /// <summary>Bytes of one message, unless a single change has more; a revision with more comes as several.</summary>
    public long MaxMessageBytes { get; init; } = 1 << 20;

    /// <summary>Watches, all sessions together.</summary>
    public int MaxWatches { get; init; } = 1_000_000;

    /// <summary>As etcd's; up to a tenth longer, so that watches that began together do not speak together.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMinutes(10);
}
