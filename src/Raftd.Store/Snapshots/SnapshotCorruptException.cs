namespace Raftd.Store.Snapshots;

/// <summary>A stream that is not a whole snapshot, as it was sent. What was written from it is thrown away.</summary>
/// <param name="sequence">Number of the chunk where it showed, from 0.</param>
/// <param name="reason">What contradicts what.</param>
public sealed class SnapshotCorruptException(ulong sequence, string reason)
    : Exception($"snapshot chunk {sequence}: {reason}");
