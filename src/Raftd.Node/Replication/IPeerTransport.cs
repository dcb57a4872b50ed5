using Raftd.Node.Membership;
using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>The way to the peers. Every call returns at once; what cannot be sent is dropped, and Raft sends it again.</summary>
/// <remarks>Called from the replica's and the log's thread.</remarks>
internal interface IPeerTransport
{
    /// <remarks>Messages that carry the same entries are best sent by one call: the entries are encoded once for it.</remarks>
    void Send(IReadOnlyList<Message> messages);

    /// <summary>Begins to send a snapshot of this member's state to a peer that is too far behind, and reports the end to
    /// <see cref="Replica.SnapshotEnded"/>.</summary>
    void SendSnapshot(NodeId to, Message header);

    /// <summary>The members in force have changed: connects to new ones, lets go of the others.</summary>
    void Follow(MemberTable members);
}
