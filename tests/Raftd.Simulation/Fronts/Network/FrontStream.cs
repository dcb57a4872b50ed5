// A stream between two fronts. Its bytes keep their order, as those of a connection do, and arrive or do not: a stream breaks at
// any moment, with what is on its way, and the two ends hear of that at moments of their own. A front that stands still takes
// nothing and sends nothing, and its connections stay open; one that has died is found by the other end within some seconds.
//
// Hints are treated worse than a connection could: each is lost, late or doubled on its own.

using Raftd.Peers;

namespace Raftd.Simulation.Fronts.Network;

internal sealed class FrontStream
{
    // As the product's pings find it.
    private const long FoundDead = 4 * Scheduler.Second;

    private readonly FrontWorld _world;
    private readonly Dice _dice;
    private readonly string _address;
    private readonly string _path;
    private readonly PeerHandshake _hello;
    private readonly IOutgoingStream _caller;
    private readonly StreamEnd _callerEnd;
    private StreamEnd? _calledEnd;
    private bool _isOver;

    public FrontStream(
        FrontWorld world, Dice dice, FrontIncarnation caller, string address, string path, PeerHandshake hello, IOutgoingStream machine)
    {
        _world = world;
        _dice = dice;
        _address = address;
        _path = path;
        _hello = hello;
        _caller = machine;
        _callerEnd = new StreamEnd(this, caller) { Machine = machine };
    }

    public IWireStream CallerEnd => _callerEnd;

    private bool IsCut => _callerEnd.Owner.Front.IsCutFromPeers || _calledEnd?.Owner.Front.IsCutFromPeers == true;

    public void Begin()
    {
        After(Delay(), Knock);
        Watch();
    }

    /// <summary>Both ends hear that it is over, each in its own time.</summary>
    public void Break(string reason)
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        foreach (var end in Ends())
        {
            _world.Scheduler.After(_dice.Between(0, Scheduler.Millisecond), () => end.Close(reason));
        }
    }

    private IEnumerable<StreamEnd> Ends() => ((StreamEnd?[])[_callerEnd, _calledEnd]).OfType<StreamEnd>();

    private void After(long delay, Action happening) => _world.Scheduler.After(Math.Max(1, delay), () =>
    {
        if (!_isOver)
        {
            happening();
        }
    });

    private long Delay() => _dice.Exponential(_world.Swarm.PeerDelayMicroseconds);

    private void Knock()
    {
        if (_world.Fronts.Find(front => front.Name == _address) is not { Running: { } called } || IsCut || called.Front.IsCutFromPeers)
        {
            Break("the connection was refused");
            return;
        }

        if (!called.MayRun)
        {
            // The system has accepted the connection.
            After(called.Front.PausedUntil - _world.Now, Knock);
            return;
        }

        var end = new StreamEnd(this, called);
        called.Doors!.Knock(_hello, _path, end);
        if (end.Machine is null)
        {
            After(Delay(), () => Refuse(end));
            return;
        }

        _calledEnd = end;
        After(Delay(), Open);
    }

    private void Refuse(StreamEnd refusing)
    {
        _caller.Refused(refusing.Status, refusing.Reason);
        Break(refusing.Reason);
    }

    private void Open()
    {
        if (!_callerEnd.Owner.MayRun)
        {
            After(Scheduler.Millisecond, Open);
            return;
        }

        _caller.Opened();
        _callerEnd.IsOpen = _calledEnd!.IsOpen = true;
        Ends().ToList().ForEach(static end => end.Wake());
        if (!_world.IsQuiet && _dice.Chance(_world.Swarm.BrokenStream))
        {
            After(_dice.Exponential(3 * Scheduler.Second), () => Break("the connection broke"));
        }
    }

    /// <summary>A process that has gone, or a network that is cut for longer than the pings wait.</summary>
    private void Watch()
    {
        After(_dice.Between(1, FoundDead), () =>
        {
            if (IsCut || Ends().Any(static end => !end.Owner.IsAlive))
            {
                Break("the connection was lost");
            }
            else
            {
                Watch();
            }
        });
    }

    private void Carry(StreamEnd from, byte[] bytes)
    {
        var to = from == _callerEnd ? _calledEnd! : _callerEnd;
        if (_path != PeerPaths.Hints)
        {
            var arrival = Math.Max(_world.Now + Delay(), to.LastArrival + 1);
            to.LastArrival = arrival;
            After(arrival - _world.Now, () => to.Arrive(bytes));
            return;
        }

        for (var copies = _world.IsQuiet || !_dice.Chance(_world.Swarm.SickHint) ? 1 : _dice.Next(3); copies > 0; copies--)
        {
            After(_dice.Chance(_world.Swarm.SickHint) ? _dice.Exponential(2 * Scheduler.Second) : Delay(), () => to.Arrive(bytes));
        }
    }

    private sealed class StreamEnd(FrontStream stream, FrontIncarnation owner) : IIncomingStream
    {
        private readonly Queue<byte[]> _arrived = new();
        private bool _isPumping;
        private bool _isReading;
        private bool _isClosed;

        public FrontIncarnation Owner { get; } = owner;

        public IStreamMachine? Machine { get; set; }

        public bool IsOpen { get; set; }

        public int Status { get; private set; }

        public string Reason { get; private set; } = "";

        public long LastArrival { get; set; }

        public void Accept(IStreamMachine machine) => Machine = machine;

        public void Refuse(int status, string reason) => (Status, Reason) = (status, reason);

        public void Wake()
        {
            if (!_isPumping && IsOpen)
            {
                _isPumping = true;
                stream.After(stream._dice.Next(20), Pump);
            }
        }

        public void Abort() => stream.Break("it was given up");

        public void Close(string reason)
        {
            if (!_isClosed && Owner.IsAlive)
            {
                _isClosed = true;
                Machine?.Closed(reason);
            }
        }

        public void Arrive(byte[] bytes)
        {
            _arrived.Enqueue(bytes);
            if (!_isReading)
            {
                _isReading = true;
                Read();
            }
        }

        private void Pump()
        {
            if (!CanRun(Pump))
            {
                return;
            }

            _isPumping = false;
            var output = Machine!.Take();
            if (!output.Bytes.IsEmpty)
            {
                stream.Carry(this, output.Bytes.ToArray());
                Wake();
            }

            if (output.IsLast)
            {
                stream.After(stream.Delay(), () => stream.Break("the other side has ended it"));
            }
        }

        private void Read()
        {
            if (!CanRun(Read))
            {
                return;
            }

            if (Machine!.Receive(_arrived.TryDequeue(out var bytes) ? bytes : []) && _arrived.Count == 0)
            {
                _isReading = false;
                return;
            }

            stream.After(Scheduler.Millisecond, Read);
        }

        /// <returns>False while its front stands still, or the network is cut: it goes on behind that. A dead one does nothing more.</returns>
        private bool CanRun(Action then)
        {
            if (Owner.MayRun && !stream.IsCut)
            {
                return true;
            }

            stream.After(Math.Max(Scheduler.Millisecond, Owner.Front.PausedUntil - Owner.Now), then);
            return false;
        }
    }
}
