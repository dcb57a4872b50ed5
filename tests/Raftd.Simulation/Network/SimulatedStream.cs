// One stream between two starts of members, with the product's machine at either end.
//
// Streams of Raft messages are treated worse than TCP would: each frame of theirs arrives by itself, later, twice, out of
// order, much too late or never, even after both ends have restarted; what Raft has to bear is known to its simulator for
// long. The bytes of all others keep their order and arrive cut anywhere.
//
// What streams do is here as well: the peer is not there, and nothing answers for a while; a link that is cut holds the
// bytes back until it is mended or the pings find it; a process that dies closes its streams, or does so without a word,
// and its peers find that by their pings; a stream breaks in the middle, at both ends or at one first.

using Raftd.Peers;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Network;

internal sealed class SimulatedStream : IIncomingStream
{
    /// <summary>As HTTP/2's pings find a peer that is not there: 2 s of silence, and 2 s without an answer.</summary>
    public const long PingsFindIt = 4 * Scheduler.Second;

    private const long HeldPause = Scheduler.Millisecond;

    private readonly SimulatedNetwork _network;
    private readonly PeerHandshake _hello;
    private readonly string _path;
    private readonly StreamEnd _caller;
    private readonly StreamEnd _callee;
    private long _cutSince = -1;

    public SimulatedStream(SimulatedNetwork network, Incarnation caller, PeerHandshake hello, string path, IOutgoingStream machine)
    {
        _network = network;
        _hello = hello;
        _path = path;
        _caller = new StreamEnd(this, caller, hello.To) { Machine = machine };
        _callee = new StreamEnd(this, owner: null, hello.From);
    }

    public bool CarriesMessages => _path is PeerPaths.Control or PeerPaths.Entries;

    /// <summary>Sender, receiver and path.</summary>
    public (ulong From, ulong To, string Path) Way => (_hello.From, _hello.To, _path);

    public bool IsSnapshot => _path == PeerPaths.Snapshot;

    public bool IsOver => _caller.IsOver && (_callee.IsOver || _callee.Owner is null);

    /// <summary>What the caller holds in its hands.</summary>
    public IWireStream Handle => _caller;

    public bool Touches(Incarnation member) => _caller.Owner == member || _callee.Owner == member;

    public bool IsOf(ulong member) => _hello.From == member || _hello.To == member;

    /// <summary>At the called member, if there is one that answers.</summary>
    public void Knock()
    {
        if (_caller.IsOver)
        {
            return;
        }

        if (_network.IsCut(_hello.From, _hello.To) || _network.IsCut(_hello.To, _hello.From))
        {
            _network.After(Scheduler.Second, () => _caller.Close("the connection was not made in time"));
            return;
        }

        if (_network.FindFounder(_hello.To) is { } founder)
        {
            founder.Knock(_hello, this);
            return;
        }

        if (_network.Find(_hello.To) is not { } called)
        {
            _network.After(_network.DrawDelay(), () => _caller.Close("the connection was refused"));
            return;
        }

        if (called.Host.PausedUntil > _network.Now)
        {
            called.After(0, Knock);
            return;
        }

        _callee.Owner = called;
        called.Do(() => called.Peers.Door.Knock(_hello, _path, this));
        _network.After(PingsFindIt / 4, Ping);
    }

    void IIncomingStream.Accept(IStreamMachine machine)
    {
        _callee.Machine = machine;
        _network.NoteOpen(this);
        _network.After(_network.DrawDelay(), () => _caller.Do(caller =>
        {
            ((IOutgoingStream)caller).Opened();
            _caller.Wake();
        }));
    }

    void IIncomingStream.Refuse(int status, string reason)
    {
        _callee.IsOver = true;
        _network.After(_network.DrawDelay(), () => _caller.Do(caller =>
        {
            ((IOutgoingStream)caller).Refused(status, reason);
            _caller.Close(reason);
        }));
    }

    void IWireStream.Wake() => _callee.Wake();

    void IWireStream.Abort() => _callee.Abort();

    /// <summary>A frame for the called member.</summary>
    public void Arrive(byte[] frame) => _callee.Arrive(frame);

    /// <summary>Both ends hear of it, each in its own time.</summary>
    public void Break(string reason)
    {
        _network.After(_network.DrawDelay(), () => _caller.Close(reason));
        _network.After(_network.DrawDelay(), () => _callee.Close(reason));
    }

    /// <summary>The process at one end is gone. The other hears it at once, or its pings find it.</summary>
    public void Died(Incarnation member, bool saysSo)
    {
        var left = _caller.Owner == member ? _callee : _caller;
        var gone = _caller.Owner == member ? _caller : _callee;
        gone.IsOver = true;
        _network.After(saysSo ? _network.DrawDelay() : PingsFindIt, () => left.Close("the connection was reset"));
    }

    private StreamEnd Other(StreamEnd end) => end == _caller ? _callee : _caller;

    /// <summary>A link that is cut for long enough breaks the stream.</summary>
    private void Ping()
    {
        if (IsOver)
        {
            return;
        }

        var isCut = _network.IsCut(_hello.From, _hello.To) || _network.IsCut(_hello.To, _hello.From);
        if (!isCut)
        {
            _cutSince = -1;
        }
        else if (_cutSince < 0)
        {
            _cutSince = _network.Now;
        }
        else if (_network.Now - _cutSince >= PingsFindIt)
        {
            Break("no answer to a ping");
            return;
        }

        _network.After(PingsFindIt / 4, Ping);
    }

    /// <summary>One end: its machine, and what has come for it and cannot be taken yet.</summary>
    private sealed class StreamEnd(SimulatedStream stream, Incarnation? owner, ulong peer) : IWireStream
    {
        // Come, and not taken by the machine yet; sent, and kept back by a cut link. Null is the end of a direction.
        private readonly Queue<byte[]?> _waiting = new();
        private readonly Queue<byte[]?> _held = new();
        private bool _isTakeDue;
        private bool _isHeld;
        private bool _hasSaidLast;
        private long _lastArrival;

        public Incarnation? Owner { get; set; } = owner;

        public IStreamMachine? Machine { get; set; }

        public bool IsOver { get; set; }

        private SimulatedNetwork Network => stream._network;

        public void Wake()
        {
            if (!_isTakeDue && !IsOver && !_hasSaidLast)
            {
                _isTakeDue = true;
                Owner!.After(Network.DrawPumpPause(), Take);
            }
        }

        /// <summary>At this end at once; the other hears of it.</summary>
        public void Abort()
        {
            if (!IsOver)
            {
                Network.After(0, () => Close("it was given up here"));
                Network.After(Network.DrawDelay(), () => stream.Other(this).Close("the peer reset the stream"));
            }
        }

        public void Close(string reason)
        {
            if (IsOver)
            {
                return;
            }

            IsOver = true;
            if (Machine is { } machine && Owner is { IsAlive: true })
            {
                Owner.After(0, () => Owner.Do(() => machine.Closed(reason)));
            }
        }

        public void Do(Action<IStreamMachine> what)
        {
            if (!IsOver && Machine is { } machine && Owner is { IsAlive: true } alive)
            {
                alive.After(0, () => alive.Do(() => what(machine)));
            }
        }

        /// <summary>Bytes for this end; null for the end of what the other side sends.</summary>
        public void Arrive(byte[]? bytes)
        {
            if (!IsOver && Owner is { IsAlive: true })
            {
                _waiting.Enqueue(bytes);
                HandOver();
            }
        }

        private void Take()
        {
            _isTakeDue = false;
            if (IsOver || Machine is null)
            {
                return;
            }

            var output = default(WireOutput);
            Owner!.Do(() => output = Machine.Take());
            if (!output.Bytes.IsEmpty)
            {
                Send(output.Bytes.ToArray());
            }

            if (output.IsLast)
            {
                _hasSaidLast = true;
                SendInOrder(null);
                if (this == stream._callee)
                {
                    Close("it ended as it should");
                }
            }
            else if (!output.Bytes.IsEmpty && !IsOver)
            {
                _isTakeDue = true;
                var pause = stream.IsSnapshot ? Network.ChunkPause : 0;
                Owner.After(Network.DrawPumpPause() + pause + (output.Bytes.Length / SimulatedNetwork.BytesPerMicrosecond), Take);
            }
        }

        private void Send(byte[] bytes)
        {
            var other = stream.Other(this);
            if (stream.CarriesMessages)
            {
                Network.CarryFrames(Owner!.Host.Id, peer, stream._path, bytes);
                return;
            }

            foreach (var piece in Network.Cut(bytes))
            {
                SendInOrder(piece);
            }
        }

        private void SendInOrder(byte[]? bytes)
        {
            var other = stream.Other(this);
            _lastArrival = Math.Max(_lastArrival + 1, Network.Now + Network.DrawDelay());
            Network.After(_lastArrival - Network.Now, () => ArriveWhenLinked(other, bytes));
        }

        /// <summary>A cut link holds bytes back; those behind them wait as well.</summary>
        private void ArriveWhenLinked(StreamEnd other, byte[]? bytes)
        {
            if (other.IsOver)
            {
                return;
            }

            if (_held.Count > 0 || Network.IsCut(Owner!.Host.Id, peer))
            {
                _held.Enqueue(bytes);
                if (_held.Count == 1)
                {
                    Network.After(Scheduler.Second / 10, () => Release(other));
                }

                return;
            }

            other.Arrive(bytes);
        }

        private void Release(StreamEnd other)
        {
            if (other.IsOver)
            {
                return;
            }

            if (Network.IsCut(Owner!.Host.Id, peer))
            {
                Network.After(Scheduler.Second / 10, () => Release(other));
                return;
            }

            while (_held.TryDequeue(out var bytes))
            {
                other.Arrive(bytes);
            }
        }

        private void HandOver()
        {
            while (!IsOver && !_isHeld && Owner is { IsAlive: true } alive && _waiting.TryPeek(out var bytes))
            {
                if (alive.Host.PausedUntil > Network.Now || Network.ReadsSlowly(alive.Host))
                {
                    _isHeld = true;
                    alive.After(Network.DrawSlowRead(alive.Host), () =>
                    {
                        _isHeld = false;
                        HandOver();
                    });
                    return;
                }

                _waiting.Dequeue();
                Receive(alive, bytes);
            }
        }

        private void Receive(Incarnation alive, byte[]? bytes)
        {
            var isDone = true;
            Step(alive, () =>
            {
                try
                {
                    if (bytes is null)
                    {
                        Machine!.Finished();
                        if (this == stream._caller)
                        {
                            Close("the peer closed the stream");
                        }
                    }
                    else
                    {
                        isDone = Machine!.Receive(bytes);
                    }
                }
                catch (InvalidDataException garbage)
                {
                    throw new SafetyViolationException($"{alive.Host.Name} cannot read what m{peer} sent: {garbage.Message}");
                }
            });
            if (!isDone)
            {
                _isHeld = true;
                alive.After(HeldPause, TryAgain);
            }
        }

        /// <summary>What comes on a stream of calls or a snapshot may be worth a look at once.</summary>
        private void Step(Incarnation alive, Action code)
        {
            if (stream.CarriesMessages)
            {
                alive.Do(code);
            }
            else
            {
                alive.Run(Incarnation.Loops, code);
            }
        }

        private void TryAgain()
        {
            if (IsOver || Owner is not { } alive)
            {
                return;
            }

            var isDone = true;
            Step(alive, () => isDone = Machine!.Receive([]));
            if (!isDone)
            {
                alive.After(HeldPause, TryAgain);
                return;
            }

            _isHeld = false;
            HandOver();
        }
    }
}
