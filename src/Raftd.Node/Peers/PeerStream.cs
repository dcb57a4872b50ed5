// One outgoing stream of Raft messages to one peer, opened again whenever it has ended.
//
//            open it               the peer lets it in
//   Waiting ---------> Opening ---------------------------> Open
//      ^                  |                                   |
//      +------------------+-----------------------------------+   refused, not answered in time, broken
//
// What cannot be sent is dropped, never queued for long: Raft repeats itself, and an old heartbeat is of no use. When the
// stream ends, what waits is thrown away, the core is told that the peer is unreachable (it then probes instead of
// streaming ahead), and the stream is opened again after a pause whose upper bound is below an election timeout, so that a
// peer that comes back hears of its leader before it campaigns.

using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Raft;

namespace Raftd.Node.Peers;

internal sealed class PeerStream
{
    private readonly PeerLinkOptions _options;
    private readonly string _path;
    private readonly int _maxBytes;

    // Guards all below. The wire is called while it is held, and calls nothing back.
    private readonly Lock _gate = new();
    private Attempt? _attempt;
    private long _openedAt;
    private long _endedAt;
    private TimeSpan _pause;
    private string? _lastFailure;
    private bool _isClosed;

    /// <param name="options">Who talks to whom.</param>
    /// <param name="path">Which of the two streams.</param>
    /// <param name="maxBytes">Bytes that may wait; messages beyond are dropped.</param>
    public PeerStream(PeerLinkOptions options, string path, int maxBytes)
    {
        _options = options;
        _path = path;
        _maxBytes = maxBytes;
        lock (_gate)
        {
            // Under the lock: the stream may end before the wire has returned it.
            Open();
        }
    }

    /// <summary>Queues a frame; drops it where there is no stream to come, or no room.</summary>
    public void Send(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        if (Volatile.Read(ref _attempt) is { } attempt && attempt.Output.TryWrite(head, body))
        {
            attempt.Stream?.Wake();
        }
    }

    /// <summary>Opens what has ended, and gives up what the peer does not answer.</summary>
    public void Tick()
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            if (_attempt is null)
            {
                if (_options.Time.GetElapsedTime(_endedAt) >= _pause)
                {
                    Open();
                }
            }
            else if (!_attempt.IsOpen && _options.Time.GetElapsedTime(_openedAt) >= PeerReconnect.OpenLimit)
            {
                End(_attempt, $"it did not answer within {PeerReconnect.OpenLimit.TotalSeconds:0.#} s");
            }
        }
    }

    /// <summary>For good.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            _attempt?.Abandon();
            _attempt = null;
        }
    }

    private void Open()
    {
        _openedAt = _options.Time.GetTimestamp();
        _attempt = new Attempt(this);
        _attempt.Stream = _options.Wire.Open(_options.Peer.PeerAddress, _path, _options.Hello, _attempt);
        _attempt.Stream.Wake();
    }

    private void NoteOpened(Attempt attempt)
    {
        lock (_gate)
        {
            if (attempt != _attempt)
            {
                return;
            }

            attempt.IsOpen = true;
            _pause = TimeSpan.Zero;
            if (_lastFailure is not null || _path == PeerPaths.Control)
            {
                NodeLog.PeerConnected(_options.Logger, _options.Peer.Label, _options.Peer.PeerAddress, _path);
            }

            _lastFailure = null;
        }
    }

    private void NoteEnded(Attempt attempt, string reason)
    {
        lock (_gate)
        {
            if (attempt == _attempt)
            {
                End(attempt, reason);
            }
        }
    }

    /// <summary>One line for each new reason, not one for each attempt.</summary>
    private void End(Attempt attempt, string reason)
    {
        _attempt = null;
        attempt.Abandon();
        _endedAt = _options.Time.GetTimestamp();
        _pause = _pause == TimeSpan.Zero
            ? PeerReconnect.FirstDelay
            : TimeSpan.FromTicks(Math.Min(2 * _pause.Ticks, PeerReconnect.LongestDelay.Ticks));
        _options.Unreachable(new NodeId(_options.Peer.Id));
        if (reason != _lastFailure)
        {
            _lastFailure = reason;
            NodeLog.PeerUnreachable(
                _options.Logger, _options.Peer.Label, _options.Peer.PeerAddress, _path, reason, PeerReconnect.LongestDelay);
        }
    }

    /// <summary>One life of the stream: late news of a former one changes nothing.</summary>
    private sealed class Attempt(PeerStream owner) : IOutgoingStream
    {
        private string? _refusal;

        public OutputBuffer Output { get; } = new(owner._maxBytes);

        public IWireStream? Stream { get; set; }

        public bool IsOpen { get; set; }

        public void Abandon()
        {
            Output.Close();
            Stream!.Abort();
        }

        public WireOutput Take() => new(Output.Take());

        /// <summary>The peer has nothing to say on this stream.</summary>
        public bool Receive(ReadOnlySpan<byte> bytes) => bytes.IsEmpty
            ? true
            : throw new InvalidDataException($"{bytes.Length} bytes came back on a stream that goes one way");

        public void Finished() => Closed("the peer closed the stream");

        public void Opened() => owner.NoteOpened(this);

        public void Refused(int status, string reason)
        {
            _refusal = reason;
            if (status == PeerStatus.Gone && RemovalNotice.TryParse(reason, out var notice))
            {
                _refusal = notice.ToString();
                owner._options.ToldRemoved(owner._options.Peer.Id, notice);
            }
        }

        public void Closed(string reason) => owner.NoteEnded(this, _refusal ?? reason);
    }
}

/// <summary>What both streams to a peer share.</summary>
/// <param name="Wire">Opens them.</param>
/// <param name="Peer">Where it is.</param>
/// <param name="Hello">What is said first.</param>
/// <param name="Unreachable">Told of each end.</param>
/// <param name="ToldRemoved">Gets a peer's word that this member was removed.</param>
/// <param name="Time">Monotonic time; only its timestamps are used.</param>
/// <param name="Logger">Gets one line for each change.</param>
internal sealed record PeerLinkOptions(
    IPeerWire Wire,
    MemberInfo Peer,
    PeerHandshake Hello,
    Action<NodeId> Unreachable,
    Action<ulong, RemovalNotice> ToldRemoved,
    TimeProvider Time,
    ILogger Logger);
