using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;

namespace Raftd.Node.Tests;

/// <summary>For what must say nothing to any peer.</summary>
internal sealed class NoTransport : IPeerTransport
{
    public void Send(IReadOnlyList<Message> messages) => throw new NotSupportedException();

    public void SendSnapshot(NodeId to, Message header) => throw new NotSupportedException();

    public void Follow(MemberTable members) => throw new NotSupportedException();
}
