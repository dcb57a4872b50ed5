using Raftd.Peers;

namespace Raftd.Simulation.Fronts.Network;

/// <summary>The wire of one start of a front: to the addresses of others, which are their names.</summary>
internal sealed class FrontWire(FrontWorld world, FrontIncarnation owner, Dice dice) : IPeerWire
{
    public IWireStream Open(string address, string path, PeerHandshake hello, IOutgoingStream machine)
    {
        var stream = new FrontStream(world, dice.Fork(), owner, address, path, hello, machine);
        stream.Begin();
        return stream.CallerEnd;
    }
}
