namespace Raftd.Raft;

/// <summary>What the core has to know of a snapshot: the last entry it stands for, and the configuration as of that entry.</summary>
public sealed record SnapshotMetadata(EntryId Id, Configuration Configuration, ulong ConfigurationIndex);
