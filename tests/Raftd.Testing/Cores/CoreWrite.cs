using Raftd.Raft;

namespace Raftd.Testing.Cores;

/// <summary>What of a Ready waits for the disk: snapshot, then entries, then hard state.</summary>
/// <param name="Sequence">Of the Ready.</param>
/// <param name="HardState">Null where it did not change.</param>
/// <param name="Entries">To append.</param>
/// <param name="Snapshot">To begin anew behind.</param>
/// <param name="Messages">Promises, which leave once all before them is durable.</param>
public sealed record CoreWrite(
    ulong Sequence, HardState? HardState, IReadOnlyList<Entry> Entries, SnapshotMetadata? Snapshot, IReadOnlyList<Message> Messages);
