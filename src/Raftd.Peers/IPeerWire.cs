// The wire between members, as the parts of a member see it: streams of bytes, each with a machine at either end.
//
// A machine is told "bytes came", "the other side answered", "it ended" and ticks, and returns bytes, deadlines and results.
// It never waits and starts no task, so the simulator steps it as it ships; in the product the pumps around it are HTTP/2
// requests (Peers/Http), one for each stream. The bytes of one direction arrive in order or not at all.
//
// The wire pulls: it asks a machine for bytes when it has room for them. So a slow peer slows down the part that makes its
// bytes, and nothing piles up in between.

namespace Raftd.Peers;

internal interface IPeerWire
{
    /// <summary>Begins to open a stream. The machine hears the result, never from within this call.</summary>
    /// <param name="address">Where the peer listens for members.</param>
    /// <param name="path">What the stream is for (PeerPaths).</param>
    /// <param name="hello">Names the two members; sent first.</param>
    /// <param name="machine">This end of the stream.</param>
    IWireStream Open(string address, string path, PeerHandshake hello, IOutgoingStream machine);
}

/// <summary>What a machine may do to its stream. Any thread; never waits, and never calls the machine back from within.</summary>
internal interface IWireStream
{
    /// <summary>The machine may have bytes to send: the wire asks for them.</summary>
    void Wake();

    /// <summary>Ends the stream both ways, at once. The machine hears nothing more of it, except perhaps one Closed.</summary>
    void Abort();
}

/// <summary>A stream that a peer opens to this member. It waits to be accepted or refused.</summary>
internal interface IIncomingStream : IWireStream
{
    void Accept(IStreamMachine machine);

    /// <param name="status">An HTTP status, as the caller reads it.</param>
    /// <param name="reason">One readable line, or the text of a RemovalNotice.</param>
    void Refuse(int status, string reason);
}

/// <summary>One end of an open stream. Receive is called by one thread at a time, and so is Take.</summary>
/// <remarks>Only Receive may throw, and only what it names: anything else stops the process, as in a loop.</remarks>
internal interface IStreamMachine
{
    /// <summary>The next bytes to send, now that there is room for them.</summary>
    WireOutput Take();

    /// <summary>Bytes have come. May be called with none, to go on with those that came before.</summary>
    /// <returns>False if the machine could not handle all of them yet: it keeps the rest, and is called again with none about
    /// a millisecond later.</returns>
    /// <exception cref="InvalidDataException">No member sends such bytes: the stream ends.</exception>
    bool Receive(ReadOnlySpan<byte> bytes);

    /// <summary>The other side sends no more, and all that it sent has been received.</summary>
    void Finished();

    /// <summary>The stream is over, both ways. The last call, made once.</summary>
    void Closed(string reason);
}

/// <summary>This member's end of a stream that it opened.</summary>
internal interface IOutgoingStream : IStreamMachine
{
    /// <summary>The peer accepted the stream.</summary>
    void Opened();

    /// <summary>The peer refused the stream and read nothing of it. Closed follows.</summary>
    void Refused(int status, string reason);
}

/// <summary>The bytes that a machine has to send.</summary>
/// <param name="Bytes">Valid until the next Take; empty when there is nothing to send now.</param>
/// <param name="IsLast">This direction ends after these bytes.</param>
internal readonly record struct WireOutput(ReadOnlyMemory<byte> Bytes, bool IsLast = false)
{
    public static WireOutput Nothing => default;
}
