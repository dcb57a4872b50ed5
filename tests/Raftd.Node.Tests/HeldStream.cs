using Raftd.Peers;

namespace Raftd.Node.Tests;

/// <summary>A stream that a test holds in its hand: it moves no bytes, and remembers what its machine did to it.</summary>
internal sealed class HeldStream : IIncomingStream
{
    public bool IsAborted { get; private set; }

    /// <summary>With which it was refused; 0 if it was not.</summary>
    public int Status { get; private set; }

    public void Accept(IStreamMachine machine) => throw new NotSupportedException();

    public void Refuse(int status, string reason) => Status = status;

    public void Wake()
    {
    }

    public void Abort() => IsAborted = true;
}

/// <summary>Opens such streams.</summary>
internal sealed class HeldWire : IPeerWire
{
    public List<HeldCall> Calls { get; } = [];

    public IWireStream Open(string address, string path, PeerHandshake hello, IOutgoingStream machine)
    {
        var call = new HeldCall(path, hello, machine, new HeldStream());
        Calls.Add(call);
        return call.Stream;
    }
}

/// <summary>One of them.</summary>
internal sealed record HeldCall(string Path, PeerHandshake Hello, IOutgoingStream Machine, HeldStream Stream);
