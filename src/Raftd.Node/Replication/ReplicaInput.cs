using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>One input of the replica, as other threads post it.</summary>
internal abstract record ReplicaInput
{
    /// <summary>A message of a peer, decoded and from a checked stream.</summary>
    /// <param name="Message">The message.</param>
    /// <param name="Bytes">The bytes that it takes from the budget while it waits.</param>
    public sealed record Received(Message Message, int Bytes) : ReplicaInput;

    public sealed record Propose(Proposal Proposal) : ReplicaInput;

    public sealed record Read(ReadBarrier Barrier) : ReplicaInput;

    public sealed record Members(MembershipRequest Request) : ReplicaInput;

    /// <summary>This member is to be fenced for this reason.</summary>
    public sealed record Fenced(string Reason) : ReplicaInput;

    /// <summary>The stream of a snapshot to a peer has ended.</summary>
    public sealed record SnapshotEnded(NodeId To, ulong Index, bool Installed) : ReplicaInput;

    /// <summary>Messages to a peer were lost.</summary>
    public sealed record Unreachable(NodeId Peer) : ReplicaInput;

    /// <summary>The log may begin at this index once the core knows.</summary>
    public sealed record Releasing(ulong Index) : ReplicaInput;

    /// <summary>The applier has timed the leases since the first entry of this term.</summary>
    public sealed record Promoted(ulong Term) : ReplicaInput;

    /// <summary>A verified snapshot of a peer; the core decides whether to install it.</summary>
    public sealed record Snapshot(SnapshotOffer Offer) : ReplicaInput;

    /// <summary>The log has this Ready and all before it on disk.</summary>
    public sealed record Durable(ulong Sequence) : ReplicaInput;

    /// <summary>Entries for a peer that the core asked for.</summary>
    public sealed record EntriesRead(EntriesWanted Wanted, IReadOnlyList<Entry> Entries) : ReplicaInput;

    /// <summary>Everything up to this index is applied and visible to readers.</summary>
    public sealed record Applied(ulong Index) : ReplicaInput;
}
