using System.Buffers;
using System.Collections.Concurrent;
using Raftd.Peers;
using Raftd.Peers.Forwarding;
using Raftd.Peers.Http;

namespace Raftd.Node.Tests;

/// <summary>A stream of calls to a real member's peer port, that sends what a test wants.</summary>
internal sealed class CallStream : IOutgoingStream, IAsyncDisposable
{
    private readonly HttpPeerWire _wire = new(tls: null, TimeProvider.System, static failure => Assert.Fail(failure.ToString()));
    private readonly FrameParser _frames = new();
    private readonly OutputBuffer _output = new(1 << 20);
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<(AnswerKind Kind, string Body)>> _waiting = new();
    private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IWireStream _stream;
    private ulong _lastId;

    public CallStream(string address, string path, PeerHandshake hello) => _stream = _wire.Open(address, path, hello, this);

    /// <summary>Why it ended.</summary>
    public Task<string> Ended => _closed.Task;

    public Task<(AnswerKind Kind, string Body)> CallAsync(string name, ReadOnlySpan<byte> body)
    {
        var answered = new TaskCompletionSource<(AnswerKind Kind, string Body)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var request = new RawRequest(name) { Id = ++_lastId, Deadline = 0 };
        _waiting[request.Id] = answered;
        var items = new ArrayBufferWriter<byte>();
        CallCodec.WriteItem(items, request, caller: default, body, TimeSpan.FromSeconds(10));
        Send(PeerFrame.Of(FrameKind.Calls, items.WrittenSpan));
        return answered.Task;
    }

    public void Send(byte[] frame)
    {
        _output.TryWrite(frame, []);
        _stream.Wake();
    }

    public WireOutput Take() => new(_output.Take());

    public bool Receive(ReadOnlySpan<byte> bytes)
    {
        _frames.Push(bytes);
        while (_frames.TryRead(out _, out var payload))
        {
            var body = CallCodec.ReadAnswer(payload, out var id, out var kind);
            _waiting[id].TrySetResult((kind, System.Text.Encoding.UTF8.GetString(body)));
        }

        return true;
    }

    public void Finished()
    {
    }

    public void Opened()
    {
    }

    public void Refused(int status, string reason) => _closed.TrySetResult($"{status} {reason}");

    public void Closed(string reason)
    {
        _closed.TrySetResult(reason);
        foreach (var waiting in _waiting.Values)
        {
            waiting.TrySetException(new IOException($"the stream ended before the answer: {reason}"));
        }
    }

    public ValueTask DisposeAsync() => _wire.DisposeAsync();

    /// <summary>Only what is written of a request.</summary>
    private sealed class RawRequest(string name) : LeaderRequest
    {
        public override bool ChangesState => true;

        public override string Call => name;

        public override ReadOnlyMemory<byte> Body => default;

        public override bool IsEnded => false;

        public override void Answered(ReadOnlyMemory<byte> answer)
        {
        }

        public override void Failed(Contract.StoreException failure)
        {
        }
    }
}
