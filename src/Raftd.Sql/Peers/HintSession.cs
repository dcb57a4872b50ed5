using Raftd.Peers;

namespace Raftd.Sql.Peers;

/// <summary>The stream of hints to one front, at the one that leads.</summary>
/// <remarks>Nothing waits here: what is sent is the last row of the moment at which the wire has room. A front that does not read its
/// hints misses those between, and costs its leader neither memory nor time.</remarks>
internal sealed class HintSession(IIncomingStream stream, HintFeed feed) : IStreamMachine
{
    private long _told;
    private volatile bool _mustSign = true;

    public void Tell(bool isSign)
    {
        _mustSign |= isSign;
        stream.Wake();
    }

    public WireOutput Take()
    {
        if (!feed.Leads)
        {
            return new WireOutput(default, IsLast: true);
        }

        var last = feed.LastSeq;
        if (last == _told && !_mustSign)
        {
            return WireOutput.Nothing;
        }

        (_told, _mustSign) = (last, false);
        return new WireOutput(PeerFrame.Of(FrameKind.Hint, (ulong)last));
    }

    public bool Receive(ReadOnlySpan<byte> bytes) => bytes.IsEmpty
        ? true
        : throw new InvalidDataException("a front that gets hints has nothing to say");

    public void Finished() => stream.Abort();

    public void Closed(string reason) => feed.Remove(this);
}
