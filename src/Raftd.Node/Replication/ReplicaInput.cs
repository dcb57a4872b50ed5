using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>One input of the replica, as other threads post it.</summary>
internal abstract record ReplicaInput
{
    /// <summary>A message of a peer, decoded and from a checked stream.</summary>
    public sealed record Received(Message Message) : ReplicaInput;

    public sealed record Propose(Proposal Proposal) : ReplicaInput;

    public sealed record Read(ReadBarrier Barrier) : ReplicaInput;

    /// <summary>Work that needs the core: runs on the replica's thread, between two batches.</summary>
    public sealed record Ask(Action<RaftNode> Run) : ReplicaInput;

    /// <summary>A verified snapshot of a peer; the core decides whether to install it.</summary>
    public sealed record Snapshot(SnapshotOffer Offer) : ReplicaInput;

    /// <summary>The log has this Ready and all before it on disk.</summary>
    public sealed record Durable(ulong Sequence) : ReplicaInput;

    /// <summary>Entries for a peer that the core asked for.</summary>
    public sealed record EntriesRead(EntriesWanted Wanted, IReadOnlyList<Entry> Entries) : ReplicaInput;

    /// <summary>Everything up to this index is applied and visible to readers.</summary>
    public sealed record Applied(ulong Index) : ReplicaInput;
}
