// One outgoing stream to one peer: a request that stays open, its body a row of frames.
//
// What cannot be sent is dropped, never queued for long: Raft repeats itself, and an old heartbeat helps nobody. When the
// stream breaks, what waits is thrown away, the core is told that the peer is unreachable (it then probes instead of
// streaming ahead), and the stream is opened again with a back-off whose upper bound is below an election timeout, so
// that a peer that comes back hears of its leader before it campaigns.

using System.Buffers;
using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Raftd.Node.Membership;
using Raftd.Raft;

namespace Raftd.Node.Peers;

internal sealed class PeerStream : IAsyncDisposable
{
    // Until the peer accepts the stream or refuses it; a leader may ask a majority before it does.
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(5);

    // Bytes gathered before they are written in one call.
    private const int WriteBatchBytes = 256 << 10;

    private readonly PeerLinkOptions _options;
    private readonly string _path;
    private readonly HttpClient _client = PeerHttp.CreateClient(PeerReconnect.ConnectTimeout);
    private readonly Channel<object> _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly ResiliencePipeline _reconnect;
    private readonly Task _running;
    private string? _lastFailure;

    /// <param name="options">Who talks to whom.</param>
    /// <param name="path">Which of the two streams.</param>
    /// <param name="capacity">Frames that may wait; more are dropped.</param>
    public PeerStream(PeerLinkOptions options, string path, int capacity)
    {
        _options = options;
        _path = path;
        _queue = Channel.CreateBounded<object>(new BoundedChannelOptions(capacity) { SingleReader = true });
        _reconnect = new ResiliencePipelineBuilder().AddRetry(Reconnecting()).Build();
        _running = Task.Run(() => RunAsync(_stop.Token));
    }

    /// <summary>Queues a message or a hash report; drops it when the queue is full.</summary>
    public void Send(object item) => _queue.Writer.TryWrite(item);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _client.Dispose();
        _stop.Dispose();
    }

    private RetryStrategyOptions Reconnecting() => new()
    {
        ShouldHandle = new PredicateBuilder().Handle<Exception>(failure => failure is not OperationCanceledException),
        MaxRetryAttempts = int.MaxValue,
        Delay = PeerReconnect.FirstDelay,
        MaxDelay = PeerReconnect.LongestDelay,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        OnRetry = retry =>
        {
            NoteFailure(retry.Outcome.Exception!);
            return default;
        },
    };

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await _reconnect.ExecuteAsync(async token => await ConnectAsync(token), cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    /// <summary>Opens the stream and stays until it ends; an end is always an exception, so that it is opened again.</summary>
    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var request = PeerHttp.Post(_options.Peer.PeerAddress, _path, _options.Handshake);
        while (_queue.Reader.TryRead(out _))
        {
            // Written for a connection that is gone.
        }

        request.Content = new PushContent(async (stream, broken) =>
        {
            // The client cancels when the connection breaks, and waits for this to end before it says so.
            using var either = CancellationTokenSource.CreateLinkedTokenSource(broken, ended.Token);
            await WriteFramesAsync(stream, either.Token);
        });
        using var opening = CancellationTokenSource.CreateLinkedTokenSource(ended.Token);
        opening.CancelAfter(OpenTimeout);
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, opening.Token);
            opening.CancelAfter(Timeout.InfiniteTimeSpan);
            if (!response.IsSuccessStatusCode)
            {
                var reason = await PeerHttp.ReasonAsync(response, ended.Token);
                if (response.StatusCode == HttpStatusCode.Gone)
                {
                    _options.Removed(reason);
                }

                throw new PeerRefusedException(reason);
            }

            NoteConnected();
            await response.Content.CopyToAsync(Stream.Null, ended.Token);
            throw new IOException("the peer closed the stream");
        }
        catch (OperationCanceledException broken) when (!cancellationToken.IsCancellationRequested)
        {
            // The client says so of a connect that takes too long, and of a connection that breaks under a body: neither
            // may be taken for the end of this stream, which would then stay closed for good.
            throw new IOException("the connection broke or was not answered in time", broken);
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    private async Task WriteFramesAsync(Stream stream, CancellationToken cancellationToken)
    {
        var output = new ArrayBufferWriter<byte>(WriteBatchBytes);
        var scratch = new ArrayBufferWriter<byte>();
        await stream.FlushAsync(cancellationToken);
        while (await _queue.Reader.WaitToReadAsync(cancellationToken))
        {
            while (output.WrittenCount < WriteBatchBytes && _queue.Reader.TryRead(out var item))
            {
                Write(output, scratch, item);
            }

            await stream.WriteAsync(output.WrittenMemory, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            output = Reuse(output);
            scratch = Reuse(scratch);
        }
    }

    private static void Write(ArrayBufferWriter<byte> output, ArrayBufferWriter<byte> scratch, object item)
    {
        if (item is Message message)
        {
            PeerFrame.Write(output, scratch, message);
        }
        else
        {
            PeerFrame.Write(output, (MemberReport)item);
        }
    }

    /// <summary>Keeps a buffer of the usual size, and lets go of one that a huge entry has blown up.</summary>
    private static ArrayBufferWriter<byte> Reuse(ArrayBufferWriter<byte> buffer)
    {
        if (buffer.Capacity > 4 * WriteBatchBytes)
        {
            return new ArrayBufferWriter<byte>(WriteBatchBytes);
        }

        buffer.ResetWrittenCount();
        return buffer;
    }

    private void NoteConnected()
    {
        if (_lastFailure is not null || _path == PeerPaths.Control)
        {
            NodeLog.PeerConnected(_options.Logger, _options.Peer.Label, _options.Peer.PeerAddress, _path);
        }

        _lastFailure = null;
    }

    /// <summary>One line for each new reason, not one for each attempt.</summary>
    private void NoteFailure(Exception failure)
    {
        _options.Unreachable(new NodeId(_options.Peer.Id));
        if (failure.Message != _lastFailure)
        {
            _lastFailure = failure.Message;
            NodeLog.PeerUnreachable(
                _options.Logger, _options.Peer.Label, _options.Peer.PeerAddress, _path, failure.Message, PeerReconnect.LongestDelay);
        }
    }
}

/// <summary>What both streams to a peer share.</summary>
/// <param name="Peer">Where it is.</param>
/// <param name="Handshake">What is said first.</param>
/// <param name="Unreachable">Told of each failed attempt.</param>
/// <param name="Removed">Told when the leader says that this member was removed.</param>
/// <param name="Logger">Gets one line for each change.</param>
internal sealed record PeerLinkOptions(
    MemberInfo Peer, PeerHandshake Handshake, Action<NodeId> Unreachable, Action<string> Removed, ILogger Logger);
