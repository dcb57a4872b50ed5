// One outgoing stream of Raft messages to one peer, opened again whenever it has ended.
//
// The naive way queues messages until the peer takes them and dials again at once. While a peer is down the queue grows
// without bound; when it comes back it gets minutes of old heartbeats first, and a peer that refuses is dialled thousands
// of times a second. Instead:
//
//            open it               the peer lets it in
//   Waiting ---------> Opening ---------------------------> Open
//      ^                  |                                   |
//      +------------------+-----------------------------------+   refused, not answered in time, broken
//
//  1. A message that finds no room, or no stream, is dropped. Raft sends it again, and an old heartbeat is useless.
//  2. When the stream ends, what waits in it is dropped too, and the core is told that the peer is unreachable: it probes
//     the peer and no longer streams ahead.
//  3. The stream is opened again after a pause, which doubles from PeerReconnect.FirstDelay to LongestDelay. The longest
//     is below an election timeout, so that a peer that comes back hears its leader before it campaigns.
//
// Each opening is an Attempt with a buffer of its own. Invariants:
//  - At most one attempt is current, and only the current one changes the state. The wire may report the end of an attempt
//    long after the next one has begun; that report finds another attempt and is ignored.
//  - An attempt that has ended takes no more bytes: its buffer is closed. Send works without the lock, so it may still hold
//    an attempt that has just ended; its frame is then refused by the buffer, as if there were no stream.
//  - Every end but Close is reported to the core, once. What was queued on one attempt is never sent by the next: messages
//    of a stream stay in order, with gaps.

using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Peers;
using Raftd.Raft;

namespace Raftd.Node.Peers;

internal sealed class PeerStream
{
    private readonly PeerLinkOptions _options;
    private readonly string _path;
    private readonly int _maxBytes;

    // Guards all below. The wire is called while it is held, and calls nothing back from within.
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
            // Under the lock: another thread may report the end of the stream before the wire has returned it here, and then
            // waits until the attempt knows its stream.
            Open();
        }
    }

    /// <summary>Queues a frame, also while the stream is being opened; drops it when there is no attempt or no room.</summary>
    public void Send(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        if (Volatile.Read(ref _attempt) is { } attempt && attempt.Output.TryWrite(head, body))
        {
            attempt.Stream?.Wake();
        }
    }

    /// <summary>Opens a stream again that has ended, and gives up one that the peer does not answer.</summary>
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

    /// <summary>Ends the stream for good.</summary>
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

    /// <summary>One opening of the stream. Late reports of a former one change nothing.</summary>
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
/// <param name="Wire">Opens the streams.</param>
/// <param name="Peer">The peer and its address.</param>
/// <param name="Hello">Sent first on each stream.</param>
/// <param name="Unreachable">Called at the end of each stream.</param>
/// <param name="ToldRemoved">Called when the peer says that this member was removed.</param>
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
