using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Node.Peers;
using Raftd.Peers;
using Raftd.Peers.Http;
using Raftd.Raft;
using Raftd.State.Loops;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

/// <summary>A core that is slower than its peers: their streams are read no further until it has room, and lose nothing.</summary>
public sealed class RaftStreamEndTests : IDisposable
{
    private const int MaxInputs = 4;
    private const int MaxReceivedBytes = 4000;
    private const int LookAgain = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();
    private readonly SteppedMember _member;
    private readonly RaftStreamEnd _end;

    public RaftStreamEndTests()
    {
        _member = SteppedMember.Newcomer(
            2, _time, [1], static options => options with
            {
                Replica = options.Replica with { MaxInputs = MaxInputs, MaxReceivedBytes = MaxReceivedBytes },
            });
        _end = EndOf(PeerPaths.Control);
    }

    private RaftStreamEnd EndOf(string path)
    {
        var caller = new PeerHandshake(SteppedMember.ClusterId, 1, 2, "m1", "m2");
        var transport = new PeerTransport(_member.Self, "127.0.0.1:1", new HeldWire(), _time, NullLogger.Instance);
        transport.Welcome(caller);
        var door = new PeerDoor(
            _member.Self, _member.Replica, transport, intake: null!, divergence: null!, new PeerReports(_time), calls: null!,
            new LoopContext(), _time, NullLogger.Instance);
        return new RaftStreamEnd(
            caller, path, new HeldStream(), door, transport, _member.Replica, divergence: null!,
            new PeerReports(_time), NullLogger.Instance);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _member.Dispose();

    [Fact]
    public void FullCore_HoldsTheStream_AndGetsEveryMessageOnceItHasRoom()
    {
        const int messages = 5 * MaxInputs;
        Assert.False(_end.Receive(Heartbeats(messages)));
        Assert.False(_end.Receive([]));

        for (var taken = MaxInputs; taken < messages; taken += MaxInputs)
        {
            _member.Run();
            Assert.Equal((ulong)taken, _member.Replica.Status.Term);
            Assert.Equal(taken + MaxInputs == messages, _end.Receive([]));
        }

        _member.Run();
        Assert.Equal((ulong)messages, _member.Replica.Status.Term);
    }

    /// <summary>Four appends of a megabyte are no full queue, and four thousand of them would be four gigabytes.</summary>
    [Fact]
    public void Core_HoldsManyBytesInFewMessages_HoldsTheStream()
    {
        var end = EndOf(PeerPaths.Entries);
        Assert.True(end.Receive(Append(MaxReceivedBytes / 2)));
        Assert.False(end.Receive(Append(MaxReceivedBytes / 2)));
        _member.Run();
        Assert.True(end.Receive([]));
        _member.Run();

        // One that is larger than all that may wait is taken by itself.
        Assert.True(end.Receive(Append(2 * MaxReceivedBytes)));
        Assert.False(end.Receive(Append(1)));
        _member.Run();
        Assert.True(end.Receive([]));
    }

    /// <summary>By bytes: not one is read while the machine is held, so HTTP's window closes and the peer waits.</summary>
    [Fact]
    public async Task Pump_OfAHeldMachine_ReadsNoFurtherAsync()
    {
        const int messages = 1000;
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var machine = new Counting(_end);
        await pipe.Writer.WriteAsync(Heartbeats(messages), Stop);
        await pipe.Writer.CompleteAsync();

        var pump = StreamPump.ReceiveAsync(machine, pipe.Reader, TimeProvider.System, Stop);
        await machine.IsHeld.WaitAsync(Patience, Stop);
        Assert.InRange(machine.Bytes, 1, Heartbeats(messages).Length - 1);

        while (!pump.IsCompleted)
        {
            _member.Run();
            await Task.Delay(LookAgain, Stop);
        }

        await pump;
        _member.Run();
        Assert.Equal((ulong)messages, _member.Replica.Status.Term);
    }

    private static byte[] Append(int bytes) => Spoken.Of(new Message
    {
        Kind = MessageKind.MsgApp,
        From = new NodeId(1),
        To = new NodeId(2),
        Term = 1,
        Entries = [new Entry(new EntryId(1, 1), EntryKind.Normal, new byte[bytes])],
    });

    /// <summary>One for each term, so that the member's term says how many have come.</summary>
    private static byte[] Heartbeats(int count) =>
        [.. Enumerable.Range(1, count).SelectMany(term => Spoken.Of(SteppedMember.Heartbeat(1, 2, (ulong)term)))];

    /// <summary>Counts what the pump brings until it has asked a few times in vain whether it may go on.</summary>
    private sealed class Counting(IStreamMachine machine) : IStreamMachine
    {
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _asked;

        public Task IsHeld => _held.Task;

        public int Bytes { get; private set; }

        public WireOutput Take() => machine.Take();

        public bool Receive(ReadOnlySpan<byte> bytes)
        {
            Bytes += bytes.Length;
            if (machine.Receive(bytes))
            {
                return true;
            }

            if (++_asked == 5)
            {
                _held.TrySetResult();
            }

            return false;
        }

        public void Finished() => machine.Finished();

        public void Closed(string reason) => machine.Closed(reason);
    }
}
