using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>Committed entries in log order, each with the proposal it carries (null where it is not ours); or a snapshot
/// to install.</summary>
internal readonly record struct ApplyWork(
    IReadOnlyList<Entry> Entries, Proposal?[] Proposals, PendingInstall? Install);
