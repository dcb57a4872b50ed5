// The peer address, which the other members, or fronts, call.
//
// Listening begins before this member knows its own identity. A caller that takes it for a member of its cluster is then a
// warning: a cluster already counts this address among its members, so founding a second one would be wrong.

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Raftd.Tls;

namespace Raftd.Peers.Http;

internal sealed class PeerServer : IAsyncDisposable
{
    // Members open a connection for each stream; the bound is for callers that are not members.
    private const int MaxStreamsPerConnection = 4096;
    private const int ConnectionWindowBytes = 16 << 20;

    private readonly WebApplication _app;
    private readonly TimeProvider _time;
    private readonly Action<Exception> _failed;
    private readonly CancellationTokenSource _stop = new();
    private readonly PeerCall? _call;
    private volatile Action<PeerHandshake, string, IIncomingStream> _knock;

    /// <param name="endPoint">Where to listen.</param>
    /// <param name="tls">The certificate, and the CA of the peers; null for clear text.</param>
    /// <param name="knock">The door, until another is attached.</param>
    /// <param name="call">What is answered beside streams; null for nothing.</param>
    /// <param name="loggers">For the server itself.</param>
    /// <param name="time">Paces the machines that are held back.</param>
    /// <param name="failed">Called with an exception that neither the door nor a machine may throw; stops the process.</param>
    public PeerServer(
        IPEndPoint endPoint, TlsIdentity? tls, Action<PeerHandshake, string, IIncomingStream> knock, PeerCall? call, ILoggerFactory loggers,
        TimeProvider time, Action<Exception> failed)
    {
        _knock = knock;
        _call = call;
        _time = time;
        _failed = failed;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = MaxStreamsPerConnection;
            kestrel.Limits.Http2.InitialStreamWindowSize = PeerHttp.StreamWindowBytes;
            kestrel.Limits.Http2.InitialConnectionWindowSize = ConnectionWindowBytes;

            // Both sides ask: each finds a peer that vanished without closing.
            kestrel.Limits.Http2.KeepAlivePingDelay = PeerHttp.PingAfter;
            kestrel.Limits.Http2.KeepAlivePingTimeout = PeerHttp.PingLimit;
            kestrel.Listen(endPoint, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                Secure(listen, tls, loggers.CreateLogger("raftd"), time);
            });
        });
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    /// <exception cref="PeerAddressTakenException">The address is in use.</exception>
    public async Task StartAsync(IPEndPoint endPoint)
    {
        try
        {
            await _app.StartAsync();
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException)
        {
            throw new PeerAddressTakenException(endPoint, taken);
        }
    }

    /// <summary>Replaces the door.</summary>
    /// <param name="knock">Accepts or refuses each stream before it returns.</param>
    public void Attach(Action<PeerHandshake, string, IIncomingStream> knock) => _knock = knock;

    /// <summary>May be called twice: peers are disconnected before the parts that answer them stop, and after a failed start.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        await _stop.CancelAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static void Secure(ListenOptions listen, TlsIdentity? tls, ILogger logger, TimeProvider time)
    {
        const string Audience = "peers";
        if (tls is not null)
        {
            new TlsPort(tls, Audience, logger, time).Use(listen);
        }
        else
        {
            new ClearPort(Audience, "-peer-cert", logger, time).Use(listen);
        }
    }

    private async Task HandleAsync(HttpContext context)
    {
        if (_call is { } call && context.Request.Path.Value == call.Path)
        {
            await call.Answer(context);
            return;
        }

        var handshake = PeerHandshake.Read(context.Request.Headers, out var reason);
        if (handshake is null)
        {
            await RefuseAsync(context, PeerStatus.BadRequest, reason);
            return;
        }

        await StreamAsync(context, handshake);
    }

    /// <summary>Moves bytes both ways at once, until the peer's direction ends or either breaks.</summary>
    private async Task StreamAsync(HttpContext context, PeerHandshake handshake)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
        var stream = new IncomingStream(ended, _failed);
        Knock(handshake, context.Request.Path.Value ?? "", stream);
        if (stream.Machine is not { } machine)
        {
            await RefuseAsync(context, stream.Status, stream.Reason);
            return;
        }

        var reason = "it ended as it should";
        try
        {
            await ExchangeAsync(context, stream, machine, ended);
        }
        catch (Exception broken) when (broken is IOException or OperationCanceledException or ConnectionAbortedException
            or InvalidDataException)
        {
            reason = broken.Message;
            context.Abort();
        }
        finally
        {
            machine.Closed(reason);
        }
    }

    /// <summary>An exception of the door is no answer to the peer: it stops the process, as one of a machine does.</summary>
    private void Knock(PeerHandshake handshake, string path, IncomingStream stream)
    {
        try
        {
            _knock(handshake, path, stream);
        }
        catch (Exception failure)
        {
            _failed(failure);
            throw;
        }
    }

    /// <summary>Returns once the machine has sent its last bytes; any other end of the stream throws.</summary>
    /// <remarks>The stream is then ended and not reset: a reset would drop bytes that the peer has not read yet.</remarks>
    private async Task ExchangeAsync(
        HttpContext context, IncomingStream stream, IStreamMachine machine, CancellationTokenSource ended)
    {
        await using var woken = ended.Token.Register(stream.Wake);
        await context.Response.StartAsync(ended.Token);
        await context.Response.Body.FlushAsync(ended.Token);
        var sending = StreamPump.SendAsync(machine, stream.Signal, context.Response.Body, ended.Token);
        var receiving = StreamPump.ReceiveAsync(machine, context.Request.BodyReader, _time, ended.Token);
        try
        {
            await await Task.WhenAny(sending, receiving);
            await sending;
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(sending, receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(reason);
    }

    /// <summary>The door decides before Knock returns.</summary>
    private sealed class IncomingStream(CancellationTokenSource ended, Action<Exception> failed) : IIncomingStream
    {
        public WakeSignal Signal { get; } = new();

        public IStreamMachine? Machine { get; private set; }

        public int Status { get; private set; }

        public string Reason { get; private set; } = "";

        public void Accept(IStreamMachine machine) => Machine = new GuardedMachine(machine, failed);

        public void Refuse(int status, string reason)
        {
            Status = status;
            Reason = reason;
        }

        public void Wake() => Signal.Set();

        public void Abort() => _ = ended.CancelAsync();
    }
}
