// The peer address: what the other members call.
//
// Listening begins before this member knows who it is. A caller that takes it for a member of its cluster is then a
// warning: somebody already counts this address among a cluster's members, so founding a second one would be wrong.

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Raftd.Raft;

namespace Raftd.Node.Peers;

internal sealed class PeerServer : IAsyncDisposable
{
    // A peer has two streams, a snapshot and its forwarded requests, all on a few connections.
    private const int MaxStreamsPerConnection = 4096;
    private const int StreamWindowBytes = 4 << 20;
    private const int ConnectionWindowBytes = 16 << 20;

    private readonly WebApplication _app;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private volatile PeerSession? _session;

    public PeerServer(IPEndPoint endPoint, ILoggerFactory loggers, ILogger logger)
    {
        _logger = logger;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = MaxStreamsPerConnection;
            kestrel.Limits.Http2.InitialStreamWindowSize = StreamWindowBytes;
            kestrel.Limits.Http2.InitialConnectionWindowSize = ConnectionWindowBytes;
            kestrel.Listen(endPoint, listen => listen.Protocols = HttpProtocols.Http2);
        });
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    /// <summary>Called with each handshake that arrives while this member is nobody yet.</summary>
    public Action<PeerHandshake> Expected { get; set; } = static _ => { };

    /// <exception cref="FatalStopException">The address is in use.</exception>
    public async Task StartAsync(IPEndPoint endPoint)
    {
        try
        {
            await _app.StartAsync();
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException)
        {
            throw new FatalStopException(
                FatalReason.PeerAddressInUse,
                $"the peer address {endPoint} is in use",
                "stop the process that listens there, or choose another -raddr",
                taken);
        }
    }

    /// <summary>From now on this member is somebody, and answers.</summary>
    public void Attach(PeerSession session) => _session = session;

    /// <summary>May be called twice: peers are let go before the parts that answer them, and after a failed start.</summary>
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

    private async Task HandleAsync(HttpContext context)
    {
        var handshake = PeerHandshake.Read(context.Request.Headers, out var reason);
        if (handshake is null)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, reason);
            return;
        }

        if (_session is not { } session)
        {
            Expected(handshake);
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "this member has not joined a cluster yet");
            return;
        }

        if (session.Refusal(handshake) is { } refusal)
        {
            NodeLog.PeerRefused(_logger, handshake.FromLabel, refusal);
            await RefuseAsync(context, StatusCodes.Status409Conflict, refusal);
            return;
        }

        if (await session.WasRemovedAsync(handshake))
        {
            await RefuseAsync(
                context,
                StatusCodes.Status410Gone,
                $"member {handshake.From:x16} ({handshake.FromLabel}) was removed from the cluster");
            return;
        }

        await RouteAsync(context, session, handshake);
    }

    private async Task RouteAsync(HttpContext context, PeerSession session, PeerHandshake handshake)
    {
        var path = context.Request.Path.Value ?? "";
        switch (path)
        {
            case PeerPaths.Control or PeerPaths.Entries:
                await ReadStreamAsync(context, session, handshake);
                break;
            case PeerPaths.Snapshot:
                await ReceiveSnapshotAsync(context, session);
                break;
            case PeerPaths.Propose:
                await session.Calls.ProposeAsync(context);
                break;
            case { } when path.StartsWith(PeerPaths.Call, StringComparison.Ordinal):
                await session.Calls.CallAsync(context, path[PeerPaths.Call.Length..]);
                break;
            default:
                await RefuseAsync(context, StatusCodes.Status404NotFound, $"no such call: {path}");
                break;
        }
    }

    private async Task ReadStreamAsync(HttpContext context, PeerSession session, PeerHandshake handshake)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
        await context.Response.StartAsync(ended.Token);
        await context.Response.Body.FlushAsync(ended.Token);
        var frames = new FrameReader(context.Request.Body);
        session.Transport.Welcome(handshake);
        try
        {
            while (await frames.ReadAsync(ended.Token) is { } payload)
            {
                if (await session.WasRemovedAsync(handshake))
                {
                    // Its next attempt to open the stream is told so: without it a removed member would ask for votes
                    // on its old streams for ever.
                    break;
                }

                await AcceptAsync(session, handshake, frames.Kind, payload, ended.Token);
            }
        }
        catch (InvalidDataException garbage)
        {
            NodeLog.PeerGarbage(_logger, handshake.FromLabel, garbage.Message);
        }
        catch (Exception closed) when (closed is IOException or OperationCanceledException or ConnectionAbortedException)
        {
            // The peer went away or this member stops: the other side opens the stream again.
        }
        finally
        {
            session.Transport.Leave(handshake);
        }

        context.Abort();
    }

    private static async ValueTask AcceptAsync(
        PeerSession session, PeerHandshake handshake, FrameKind kind, ReadOnlyMemory<byte> payload, CancellationToken token)
    {
        if (kind == FrameKind.Report)
        {
            if (!MemberReport.TryRead(payload.Span, out var report))
            {
                throw new InvalidDataException($"a report has {payload.Length} bytes, not {MemberReport.EncodedBytes}");
            }

            session.Reports.Set(handshake.From, report);
            session.Divergence.Report(handshake.From, report.Hash);
            return;
        }

        if (!MessageCodec.TryDecode(payload.Span, out var message, out var error))
        {
            throw new InvalidDataException(error);
        }

        if (message.From.Value != handshake.From || message.To.Value != handshake.To)
        {
            throw new InvalidDataException($"a message from {message.From} to {message.To} on the stream of {handshake.From:x16}");
        }

        // A full queue holds the stream back, and TCP the peer.
        while (!session.Replica.TryReceive(message))
        {
            await Task.Delay(1, token);
        }
    }

    private async Task ReceiveSnapshotAsync(HttpContext context, PeerSession session)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
        var refusal = await session.Intake.ReceiveAsync(new FrameReader(context.Request.Body), ended.Token);
        if (refusal is not null)
        {
            await RefuseAsync(context, StatusCodes.Status409Conflict, refusal);
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(reason);
    }
}
