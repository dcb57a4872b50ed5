using Raftd.Peers;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Network;

/// <summary>The wire of one start of a member.</summary>
internal sealed class SimulatedWire(SimulatedNetwork network) : IPeerWire
{
    /// <summary>Set before anything is opened.</summary>
    public Incarnation? Owner { get; set; }

    public IWireStream Open(string address, string path, PeerHandshake hello, IOutgoingStream machine) =>
        network.Open(Owner!, hello with { Level = Owner!.Host.KnownLevel }, path, machine);
}
