using System.Diagnostics;

namespace Raftd.Cluster.Tests.Wire;

/// <summary>The switch between the members: one thread that takes frames from the cables and puts each into the cable of the
/// member that it is addressed to, as the <see cref="Link"/> of that pair says.</summary>
/// <remarks>
/// A frame is addressed by its destination, 02:00:00:00:00:nn for the port nn - 1; what goes to many (no member needs it: the
/// members are told each other's addresses) is dropped.
/// </remarks>
internal sealed class Switch : IDisposable
{
    private const int HeaderBytes = 14;
    private const int PortByte = 5;

    // Above an Ethernet frame of 1514 bytes; longer ones would mean that a card still leaves segmentation to others.
    private const int FrameBytes = 2048;
    private const int FramesInTurn = 64;
    private const int IdleMilliseconds = 20;

    private readonly PacketSocket[] _ports;
    private readonly Link[,] _links;
    private readonly long[,] _lastDue;

    // When the last frame that takes its turn is through.
    private readonly long[,] _busyUntil;
    private readonly long[,] _bytes;
    private readonly PriorityQueue<(int To, byte[] Frame), (long Due, long Number)> _late = new();
    private readonly Random _random;
    private readonly Thread _thread;
    private long _number;
    private long _forwarded;
    private long _dropped;
    private volatile bool _isStopping;

    public Switch(IReadOnlyList<string> interfaces, int seed)
    {
        _ports = [.. interfaces.Select(name => new PacketSocket(name))];
        _links = new Link[_ports.Length, _ports.Length];
        _lastDue = new long[_ports.Length, _ports.Length];
        _busyUntil = new long[_ports.Length, _ports.Length];
        _bytes = new long[_ports.Length, _ports.Length];
        SetAll(Link.Good);
        _random = new Random(seed);
        _thread = new Thread(Run) { Name = "switch", IsBackground = true };
        _thread.Start();
    }

    public long Forwarded => Interlocked.Read(ref _forwarded);

    /// <summary>Frames that were cut off or lost.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Forwarded one way, headers included.</summary>
    public long BytesForwarded(int from, int to) => Interlocked.Read(ref _bytes[from, to]);

    /// <summary>From the next frame on. What is under way with its delay still arrives.</summary>
    public void Set(int from, int to, Link link) => Volatile.Write(ref _links[from, to], link);

    public void SetAll(Link link)
    {
        for (var pair = 0; pair < _links.Length; pair++)
        {
            Set(pair / _ports.Length, pair % _ports.Length, link);
        }
    }

    public void Dispose()
    {
        _isStopping = true;
        _thread.Join();
        foreach (var port in _ports)
        {
            port.Dispose();
        }
    }

    private void Run()
    {
        var buffer = new byte[FrameBytes];
        while (!_isStopping)
        {
            PacketSocket.WaitAny(_ports, MillisecondsToWait());
            for (var from = 0; from < _ports.Length; from++)
            {
                for (var turn = 0; turn < FramesInTurn && _ports[from].Receive(buffer) is > 0 and var length; turn++)
                {
                    Forward(from, buffer.AsSpan(0, length));
                }
            }

            SendLate();
        }
    }

    private void Forward(int from, ReadOnlySpan<byte> frame)
    {
        var to = frame.Length > HeaderBytes ? frame[PortByte] - 1 : -1;
        if (frame[0] != 2 || to < 0 || to >= _ports.Length || to == from)
        {
            return;
        }

        var link = Volatile.Read(ref _links[from, to]);
        if (link.IsCut || Draw(link.Loss) || !TryTakeTurn(link, from, to, frame.Length))
        {
            Interlocked.Increment(ref _dropped);
            return;
        }

        Interlocked.Increment(ref _forwarded);
        Interlocked.Add(ref _bytes[from, to], frame.Length);
        Pass(link, from, to, frame);
        if (Draw(link.Doubled))
        {
            Pass(link, from, to, frame);
        }
    }

    /// <returns>False if too much waits already.</returns>
    private bool TryTakeTurn(Link link, int from, int to, int bytes)
    {
        if (link.BytesPerSecond == 0)
        {
            return true;
        }

        var now = Stopwatch.GetTimestamp();
        var begins = Math.Max(now, _busyUntil[from, to]);
        if (begins - now > Ticks(link.LongestQueue))
        {
            return false;
        }

        _busyUntil[from, to] = begins + (bytes * Stopwatch.Frequency / link.BytesPerSecond);
        return true;
    }

    private void Pass(Link link, int from, int to, ReadOnlySpan<byte> frame)
    {
        var now = Stopwatch.GetTimestamp();
        var sent = Math.Max(now, _busyUntil[from, to]);
        var due = Math.Max(sent + Ticks(link.Delay + (link.Jitter * _random.NextDouble())), _lastDue[from, to]);
        if (due <= now || Draw(link.Hasty))
        {
            _ports[to].Send(frame);
            return;
        }

        _lastDue[from, to] = due;
        _late.Enqueue((to, frame.ToArray()), (due, _number++));
    }

    private void SendLate()
    {
        while (_late.TryPeek(out var late, out var when) && when.Due <= Stopwatch.GetTimestamp())
        {
            _late.Dequeue();
            _ports[late.To].Send(late.Frame);
        }
    }

    // Rounded up: where a frame is due every few microseconds, as at the end of a full queue, the switch would only spin. It
    // sends all that have become due meanwhile, so their pace stays what it was.
    private int MillisecondsToWait() => _late.TryPeek(out _, out var when)
        ? (int)Math.Clamp(Math.Ceiling((when.Due - Stopwatch.GetTimestamp()) * 1000d / Stopwatch.Frequency), 0, IdleMilliseconds)
        : IdleMilliseconds;

    private bool Draw(double share) => share > 0 && _random.NextDouble() < share;

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}
