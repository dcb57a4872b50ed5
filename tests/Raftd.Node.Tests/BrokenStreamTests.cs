using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Node.Peers;
using Raftd.Peers;
using Raftd.Peers.Http;
using Raftd.Testing.Processes;

namespace Raftd.Node.Tests;

/// <summary>A machine that breaks while a pump steps it stops the process, at either end and at any step; bytes that
/// no member sends end the stream and nothing else (failure 69 of docs/failures.md).</summary>
public sealed class BrokenStreamTests : IAsyncDisposable
{
    private const string Purpose = "broken on purpose";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly IPEndPoint _endPoint = new(IPAddress.Loopback, Ports.Free());
    private readonly TaskCompletionSource<Exception> _callerFailed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Exception> _calledFailed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpPeerWire _wire;
    private readonly PeerServer _server;

    public BrokenStreamTests()
    {
        _wire = new HttpPeerWire(tls: null, TimeProvider.System, failure => _callerFailed.TrySetResult(failure));
        _server = new PeerServer(
            _endPoint, tls: null, static (_, _, stream) => NotAMember.Refuse(stream), call: null, NullLoggerFactory.Instance, TimeProvider.System,
            failure => _calledFailed.TrySetResult(failure));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _wire.DisposeAsync();
    }

    [Theory]
    [InlineData(nameof(IOutgoingStream.Opened))]
    [InlineData(nameof(IOutgoingStream.Refused))]
    [InlineData(nameof(IStreamMachine.Take))]
    [InlineData(nameof(IStreamMachine.Receive))]
    [InlineData(nameof(IStreamMachine.Finished))]
    [InlineData(nameof(IStreamMachine.Closed))]
    public async Task MachineOfTheCaller_BreaksInAnyStep_ItsProcessIsToldAsync(string step)
    {
        await StartAsync(stream =>
        {
            if (step == nameof(IOutgoingStream.Refused))
            {
                stream.Refuse(PeerStatus.Conflict, "not today");
            }
            else
            {
                stream.Accept(new Machine { Stream = stream });
            }
        });

        Call(new Machine { Breaks = (step, new InvalidOperationException(Purpose)) });

        Assert.Equal(Purpose, (await _callerFailed.Task.WaitAsync(Patience, Stop)).Message);
        Assert.False(_calledFailed.Task.IsCompleted);
    }

    [Theory]
    [InlineData(nameof(IStreamMachine.Take))]
    [InlineData(nameof(IStreamMachine.Receive))]
    [InlineData(nameof(IStreamMachine.Finished))]
    [InlineData(nameof(IStreamMachine.Closed))]
    public async Task MachineOfTheCalled_BreaksInAnyStep_ItsProcessIsToldAsync(string step)
    {
        await StartAsync(stream => stream.Accept(
            new Machine { Stream = stream, Breaks = (step, new InvalidOperationException(Purpose)) }));

        Call(new Machine());

        Assert.Equal(Purpose, (await _calledFailed.Task.WaitAsync(Patience, Stop)).Message);
        Assert.False(_callerFailed.Task.IsCompleted);
    }

    [Fact]
    public async Task Door_Breaks_ItsProcessIsToldAsync()
    {
        await StartAsync(static _ => throw new InvalidOperationException(Purpose));

        Call(new Machine());

        Assert.Equal(Purpose, (await _calledFailed.Task.WaitAsync(Patience, Stop)).Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BytesThatNoMemberSends_EndTheStream_AndNothingElseAsync(bool atTheCaller)
    {
        (string, Exception) refuses = (nameof(IStreamMachine.Receive), new InvalidDataException("what is that?"));
        var called = new Machine { Breaks = atTheCaller ? default : refuses };
        var caller = new Machine { Breaks = atTheCaller ? refuses : default };
        await StartAsync(stream =>
        {
            called.Stream = stream;
            stream.Accept(called);
        });

        Call(caller);
        await Task.WhenAll(caller.Ended, called.Ended).WaitAsync(Patience, Stop);

        Assert.False(_callerFailed.Task.IsCompleted || _calledFailed.Task.IsCompleted);
    }

    /// <summary>What a peer's message does here breaks on the thread that brought it.</summary>
    [Fact]
    public async Task Member_AStreamOfAPeerBreaksIt_StopsAsAfterALoopAsync()
    {
        await using var nodes = await TwoNodes.StartAsync(TimeSpan.FromSeconds(5), TwoNodes.ElectionTimeout);

        await StopsAsync(nodes.First);
    }

    /// <summary>The same of a stream that this member opened: the peer is gone, and what is done about that breaks.</summary>
    [Fact]
    public async Task Member_AStreamOfItsOwnBreaksIt_StopsAsAfterALoopAsync()
    {
        await using var nodes = await TwoNodes.StartAsync(TimeSpan.FromSeconds(5), TwoNodes.ElectionTimeout);
        await nodes.StopSecondAsync();

        await StopsAsync(nodes.First);
    }

    /// <summary>Breaks each post to the replica from a thread of the pool, where pumps run; loops have their own.</summary>
    private static async Task StopsAsync(RaftdNode node)
    {
        var replica = node.Member!.Replica;
        replica.Wake = static () =>
        {
            if (Thread.CurrentThread.IsThreadPoolThread)
            {
                throw new InvalidOperationException(Purpose);
            }
        };
        var failure = await node.Failed.WaitAsync(Patience, Stop);
        replica.Wake = static () => { };

        Assert.Equal(FatalReason.InvariantBroken, failure.Reason);
        Assert.Contains(Purpose, failure.What, StringComparison.Ordinal);
    }

    private async Task StartAsync(Action<IIncomingStream> door)
    {
        await _server.StartAsync(_endPoint);
        _server.Attach((_, _, stream) => door(stream));
    }

    private void Call(Machine machine)
    {
        machine.Stream = _wire.Open(
            _endPoint.ToString(), PeerPaths.Calls, new PeerHandshake(1, 2, 3, "caller", "called"), machine);
        machine.Stream.Wake();
    }

    /// <summary>The caller says something and ends its direction; the called answers behind that end. So each step is taken at
    /// either end, unless one breaks.</summary>
    private sealed class Machine : IOutgoingStream
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _hasHeardAll;
        private bool _hasSpoken;

        public (string Step, Exception Failure) Breaks { get; init; }

        public IWireStream? Stream { get; set; }

        public Task Ended => _ended.Task;

        public WireOutput Take()
        {
            Step(nameof(Take));
            if (_hasSpoken || (Stream is IIncomingStream && !_hasHeardAll))
            {
                return WireOutput.Nothing;
            }

            _hasSpoken = true;
            return new WireOutput("words"u8.ToArray(), IsLast: true);
        }

        public bool Receive(ReadOnlySpan<byte> bytes)
        {
            Step(nameof(Receive));
            return true;
        }

        public void Finished()
        {
            Step(nameof(Finished));
            _hasHeardAll = true;
            Stream?.Wake();
        }

        public void Opened() => Step(nameof(Opened));

        public void Refused(int status, string reason) => Step(nameof(Refused));

        public void Closed(string reason)
        {
            _ended.TrySetResult();
            Step(nameof(Closed));
        }

        private void Step(string step)
        {
            if (Breaks.Step == step)
            {
                throw Breaks.Failure;
            }
        }
    }
}
