using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Network;

/// <summary>The product's transport, and before each message a place where the member may stop.</summary>
internal sealed class WatchedTransport(PeerTransport transport, SimulatedMember self) : IPeerTransport
{
    public void Send(IReadOnlyList<Message> messages)
    {
        if (self.SendsToCrash == 0)
        {
            transport.Send(messages);
            return;
        }

        foreach (var message in messages)
        {
            self.BeforeSend();
            transport.Send([message]);
        }
    }

    public void SendSnapshot(NodeId to, Message header) => transport.SendSnapshot(to, header);

    public void Follow(MemberTable members) => transport.Follow(members);
}
