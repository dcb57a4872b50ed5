using System.IO.Pipelines;
using Raftd.Tls;

namespace Raftd.Peers.Http;

/// <summary>The wire of the product: each stream is one HTTP/2 request whose body and answer stay open.</summary>
/// <remarks>Each has a connection of its own, so that a heartbeat never waits behind the bytes of an entry or a
/// snapshot.</remarks>
/// <param name="tls">This member's certificate, and the CA of its peers; null for clear text.</param>
/// <param name="time">Paces the machines that are held back.</param>
/// <param name="failed">Called with an exception that no machine may throw; stops the process.</param>
internal sealed class HttpPeerWire(TlsIdentity? tls, TimeProvider time, Action<Exception> failed) : IPeerWire, IAsyncDisposable
{
    // Guards _running.
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _running = [];
    private readonly CancellationTokenSource _stop = new();

    public IWireStream Open(string address, string path, PeerHandshake hello, IOutgoingStream machine)
    {
        var stream = new OutgoingStream(new GuardedOutgoing(machine, failed), tls, _stop.Token);
        var running = Task.Run(() => stream.RunAsync(address, path, hello, time));
        lock (_gate)
        {
            _running.Add(running);
            _running.RemoveWhere(static task => task.IsCompleted);
        }

        return stream;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task[] running;
        lock (_gate)
        {
            running = [.. _running];
        }

        await Task.WhenAll(running);
        _stop.Dispose();
    }

    private sealed class OutgoingStream(IOutgoingStream machine, TlsIdentity? tls, CancellationToken stopping) : IWireStream
    {
        private readonly CancellationTokenSource _ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        private readonly WakeSignal _wake = new();

        public void Wake() => _wake.Set();

        public void Abort() => _ = _ended.CancelAsync();

        public async Task RunAsync(string address, string path, PeerHandshake hello, TimeProvider time)
        {
            var reason = "the peer closed the stream";
            try
            {
                await ExchangeAsync(address, path, hello, time);
            }
            catch (OperationCanceledException) when (_ended.IsCancellationRequested)
            {
                reason = "it was given up here";
            }
            catch (Exception broken)
            {
                // Any exception of the client ends the stream, one for a malformed address included; the guard has reported what
                // the machine threw. The client throws "cancelled" also when a connect takes too long, and when a connection
                // breaks under a body.
                reason = broken is OperationCanceledException ? "the connection broke or was not made in time" : TlsDial.ReasonOf(broken);
            }

            // The pump of the other direction may still wait for something to send.
            await _ended.CancelAsync();
            _wake.Set();
            machine.Closed(reason);
        }

        private async Task ExchangeAsync(string address, string path, PeerHandshake hello, TimeProvider time)
        {
            using var client = PeerHttp.CreateClient(PeerReconnect.ConnectTimeout, tls);
            using var request = PeerHttp.Post(address, path, hello, tls);
            request.Content = new PushContent(SendAsync);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _ended.Token);
            if (!response.IsSuccessStatusCode)
            {
                machine.Refused((int)response.StatusCode, await PeerHttp.ReasonAsync(response, _ended.Token));
                return;
            }

            machine.Opened();
            var body = PipeReader.Create(await response.Content.ReadAsStreamAsync(_ended.Token));
            await StreamPump.ReceiveAsync(machine, body, time, _ended.Token);
        }

        private async Task SendAsync(Stream stream, CancellationToken broken)
        {
            // The client waits for this to return before it ends the request, so it ends when the answer does.
            using var either = CancellationTokenSource.CreateLinkedTokenSource(broken, _ended.Token);
            await using var woken = either.Token.Register(_wake.Set);
            await stream.FlushAsync(either.Token);
            await StreamPump.SendAsync(machine, _wake, stream, either.Token);
        }
    }
}
