using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>What one Ready asks of the log. Works are posted in the order of their Readys.</summary>
internal sealed class LogWork
{
    /// <summary>The Ready's number, reported back once it is durable.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>Term, vote and commit, where they changed.</summary>
    public required HardState? State { get; init; }

    public required IReadOnlyList<Entry> Entries { get; init; }

    /// <summary>To send once this work is durable.</summary>
    public required IReadOnlyList<Message> Messages { get; init; }

    /// <summary>False when no promise depends on it: the next sync takes it along.</summary>
    public required bool MustSync { get; init; }

    /// <summary>Nothing waits for this work: it may go into the log with the next one, or a tick later.</summary>
    public bool MayWait => !MustSync && Messages.Count == 0 && Install is null;

    /// <summary>Not null: the log restarts after this snapshot, once its state is installed.</summary>
    public PendingInstall? Install { get; init; }
}
