using Raftd.Peers;

namespace Raftd.Sql.Peers;

/// <summary>The stream of hints, at the front that gets them.</summary>
/// <param name="leader">That sends them.</param>
/// <param name="hinted">Told of each: the last row of the log.</param>
/// <param name="time">Monotonic time.</param>
internal sealed class HintLink(PeerTarget leader, Action<long> hinted, TimeProvider time) : IOutgoingStream
{
    private readonly FrameParser _frames = new();

    // A timestamp; 0 before the first hint.
    private long _heardAt;
    private volatile bool _isOpen;
    private volatile bool _isOver;

    public PeerTarget Leader { get; } = leader;

    public long OpenedAt { get; } = time.GetTimestamp();

    /// <summary>Null for a moment after it was opened.</summary>
    public IWireStream? Stream { get; set; }

    public bool IsOpening => !_isOpen && !_isOver;

    public bool IsOver => _isOver;

    public bool IsHeardWithin(TimeSpan silence) =>
        !_isOver && Interlocked.Read(ref _heardAt) is var heardAt and not 0 && time.GetElapsedTime(heardAt) < silence;

    public void Opened() => _isOpen = true;

    public void Refused(int status, string reason) => _isOver = true;

    public WireOutput Take() => WireOutput.Nothing;

    public bool Receive(ReadOnlySpan<byte> bytes)
    {
        _frames.Push(bytes);
        while (_frames.TryRead(out var kind, out var payload))
        {
            if (kind != FrameKind.Hint)
            {
                throw new InvalidDataException($"a {kind} does not belong on a stream of hints");
            }

            Interlocked.Exchange(ref _heardAt, time.GetTimestamp());
            hinted((long)PeerFrame.ReadNumber(kind, payload));
        }

        return true;
    }

    public void Finished() => Stream?.Abort();

    public void Closed(string reason) => _isOver = true;

    public void GiveUp()
    {
        _isOver = true;
        Stream?.Abort();
    }
}
