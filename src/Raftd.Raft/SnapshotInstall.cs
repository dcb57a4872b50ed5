namespace Raftd.Raft;

/// <summary>The replica must put this received snapshot in place of its state and restart its log behind it.</summary>
/// <param name="Metadata">Which snapshot.</param>
/// <param name="From">The leader that streamed it.</param>
public sealed record SnapshotInstall(SnapshotMetadata Metadata, NodeId From);
