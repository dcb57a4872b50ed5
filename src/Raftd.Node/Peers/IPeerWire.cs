// The wire between members, as the parts of a member see it: streams of bytes, each with a machine at either end.
//
// A machine takes "bytes came", "the other side answered", "it ended" and ticks, and gives bytes, deadlines and results. It
// never waits and starts no task, so the simulator steps it as it ships; in the product the pumps around it are HTTP/2
// requests (Peers/Http), one for each stream. The bytes of one direction arrive in order or not at all.
//
// Machines are pulled: the wire asks for bytes when it has room for them. A slow peer is therefore felt where its bytes are
// made, and nothing piles up in between.

namespace Raftd.Node.Peers;

internal interface IPeerWire
{
    /// <summary>Begins to open a stream. What comes of it is told to the machine, never from within this call.</summary>
    /// <param name="address">Where the peer listens for members.</param>
    /// <param name="path">What the stream is for (PeerPaths).</param>
    /// <param name="hello">Who calls whom; the first thing said.</param>
    /// <param name="machine">This end.</param>
    IWireStream Open(string address, string path, PeerHandshake hello, IOutgoingStream machine);
}

/// <summary>What a machine may do to its stream. Any thread; never waits, and never calls the machine back from within.</summary>
internal interface IWireStream
{
    /// <summary>There may be something to take.</summary>
    void Wake();

    /// <summary>Ends the stream both ways, at once. The machine hears nothing of it any more but perhaps one Closed.</summary>
    void Abort();
}

/// <summary>A stream that a peer opens to this member: it waits to be let in or refused.</summary>
internal interface IIncomingStream : IWireStream
{
    void Accept(IStreamMachine machine);

    /// <param name="status">An HTTP status, as the caller reads it.</param>
    /// <param name="reason">One readable line, or the text of a RemovalNotice.</param>
    void Refuse(int status, string reason);
}

/// <summary>One end of an open stream. Receive is called by one thread at a time, and so is Take.</summary>
/// <remarks>It throws nothing but what Receive may: anything else stops the process, as in a loop.</remarks>
internal interface IStreamMachine
{
    /// <summary>The next bytes to send, now that there is room for them.</summary>
    WireOutput Take();

    /// <summary>Bytes have come. May be called with none, to go on with those that came before.</summary>
    /// <returns>False if the machine could not do with all of them yet: it keeps them, reads no further, and is called
    /// again with none about a millisecond later.</returns>
    /// <exception cref="InvalidDataException">The peer sends what no member sends: the stream ends.</exception>
    bool Receive(ReadOnlySpan<byte> bytes);

    /// <summary>The other side sends no more: whatever it sent has been received.</summary>
    void Finished();

    /// <summary>It is over, both ways. The last call, made once.</summary>
    void Closed(string reason);
}

/// <summary>This member's end of a stream that it opened.</summary>
internal interface IOutgoingStream : IStreamMachine
{
    /// <summary>The peer let it in.</summary>
    void Opened();

    /// <summary>The peer did not let it in, and read nothing of it. Closed follows.</summary>
    void Refused(int status, string reason);
}

/// <summary>What a machine has to send.</summary>
/// <param name="Bytes">Valid until the next Take; empty when there is nothing now.</param>
/// <param name="IsLast">Nothing follows: this direction ends behind these bytes.</param>
internal readonly record struct WireOutput(ReadOnlyMemory<byte> Bytes, bool IsLast = false)
{
    public static WireOutput Nothing => default;
}
