using Raftd.Node.Membership;
using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>The way to the peers. Every call returns at once; a message that cannot be sent is dropped, and Raft repeats it.</summary>
/// <remarks>Called from the replica's and the log's thread.</remarks>
internal interface IPeerTransport
{
    /// <remarks>Messages that carry the same entries belong in one call: the entries are then encoded once.</remarks>
    void Send(IReadOnlyList<Message> messages);

    /// <summary>Begins to send a snapshot of this member's state to a peer that is too far behind; its end is reported to
    /// <see cref="Replica.SnapshotEnded"/>.</summary>
    void SendSnapshot(NodeId to, Message header);

    /// <summary>The members in force have changed: connects to the new ones and disconnects the others.</summary>
    void Follow(MemberTable members);
}
