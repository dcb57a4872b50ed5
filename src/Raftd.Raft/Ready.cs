namespace Raftd.Raft;

/// <summary>What the core wants done, in the order in which it is listed here. Empty lists cost nothing.</summary>
/// <remarks>
/// The replica sends <see cref="Messages"/> at once, hands the write (snapshot, then entries, then hard state) to the log
/// in the order of the sequence numbers, and when that and all before it are durable sends
/// <see cref="MessagesAfterDurable"/> and calls <see cref="RaftNode.Durable"/>. A Ready that has such messages but writes
/// nothing itself waits in the same queue, for the writes before it.
/// </remarks>
public sealed class Ready
{
    /// <summary>1, 2, 3 and so on since the start.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>When it changed.</summary>
    public HardState? HardState { get; init; }

    /// <summary>The write must be synced; false when only the commit index changed or nothing is to be written.</summary>
    public bool MustSync { get; init; }

    /// <summary>A received snapshot to install before the rest of this Ready.</summary>
    public SnapshotInstall? Snapshot { get; init; }

    /// <summary>To append. If the log already has the first index, they replace everything from there on.</summary>
    public IReadOnlyList<Entry> Entries { get; init; } = [];

    /// <summary>To send now. A leader's appends are among them: its disk and its peers' disks work at the same time
    /// (thesis 10.2.1).</summary>
    public IReadOnlyList<Message> Messages { get; init; } = [];

    /// <summary>Promises: to send once this Ready is durable.</summary>
    public IReadOnlyList<Message> MessagesAfterDurable { get; init; } = [];

    /// <summary>To apply, in order, each exactly once: committed, and durable in this member's own log.</summary>
    public IReadOnlyList<Entry> Committed { get; init; } = [];

    /// <summary>Peers that need a snapshot: stream one, then call <see cref="RaftNode.ReportSnapshot"/>, also if that failed.</summary>
    public IReadOnlyList<NodeId> SnapshotsToSend { get; init; } = [];

    /// <summary>Entries for peers that are no longer in memory: another thread reads them and the caller hands them in with
    /// <see cref="RaftNode.EntriesRead"/>, once for each.</summary>
    public IReadOnlyList<EntriesWanted> EntriesWanted { get; init; } = [];

    public IReadOnlyList<ReadState> ReadStates { get; init; } = [];

    /// <summary>Contexts of reads that will get no answer: ask again with a new context.</summary>
    public IReadOnlyList<ulong> FailedReads { get; init; } = [];

    /// <summary>When it changed.</summary>
    public SoftState? SoftState { get; init; }

    public IReadOnlyList<RaftEvent> Events { get; init; } = [];
}
