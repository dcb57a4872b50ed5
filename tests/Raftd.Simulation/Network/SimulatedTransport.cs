using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Network;

/// <summary>One start's end of the network: like the product's it speaks only to the members in force, and to those who
/// speak to it.</summary>
internal sealed class SimulatedTransport(SimulatedNetwork network, SimulatedMember self) : IPeerTransport
{
    private readonly HashSet<ulong> _guests = [];
    private MemberTable _members = MemberTable.Empty;

    public void Send(Message message)
    {
        if (Knows(message.To))
        {
            self.BeforeSend();
            network.Send(self, message);
        }
    }

    public void SendSnapshot(NodeId to, Message header)
    {
        if (Knows(to))
        {
            network.SendSnapshot(self, to, header);
        }
    }

    public void Follow(MemberTable members) => _members = members;

    /// <summary>A member opened a stream to this one, which may be behind and not know it from its log yet.</summary>
    public void Welcome(ulong guest) => _guests.Add(guest);

    private bool Knows(NodeId peer) => _members.Find(peer.Value) is not null || _guests.Contains(peer.Value);
}
