using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Network;

/// <summary>One start's end of the network: like the product's it speaks only to the members in force.</summary>
internal sealed class SimulatedTransport(SimulatedNetwork network, SimulatedMember self) : IPeerTransport
{
    private MemberTable _members = MemberTable.Empty;

    public void Send(Message message)
    {
        if (_members.Find(message.To.Value) is not null)
        {
            network.Send(self, message);
        }
    }

    public void SendSnapshot(NodeId to, Message header)
    {
        if (_members.Find(to.Value) is not null)
        {
            network.SendSnapshot(self, to, header);
        }
    }

    public void Follow(MemberTable members) => _members = members;
}
