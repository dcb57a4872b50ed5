// HTTP/1.1 and HTTP/2 in clear text on one port.
//
// curl and browsers speak HTTP/1.1 here, clients of the etcd API speak HTTP/2 and begin with its preface at once. Without
// TLS there is no ALPN that would say which it is, and Kestrel then takes every connection for HTTP/1.1. So each connection
// is looked at before Kestrel sees it:
//
//   1. Bytes are read and left where they are. The first one that is not the preface's decides for HTTP/1.1: for most
//      requests that is the very first byte, for PUT and POST the second.
//   2. The whole preface decides for HTTP/2. Kestrel takes it if the connection says that TLS has agreed on `h2`, so that is
//      what it is told (PretendedAlpn).
//   3. Kestrel asks once, before the first request. The answer takes itself back, so that nothing that asks later whether
//      the connection is encrypted, or has a certificate, finds one.
//
// A client that sends nothing is closed after the time of an idle connection, and one that stops within the preface after
// the time limit of request headers: just as Kestrel does behind us.

using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Raftd.Api.Http;

/// <summary>The connection middleware of a port without TLS.</summary>
internal sealed class ClearTextHttp2(ConnectionDelegate next, KestrelServerLimits limits)
{
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        bool isHttp2;
        try
        {
            isHttp2 = await BeginsWithPrefaceAsync(connection);
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException)
        {
            // Too slow, gone, or the server stops: returning closes the connection.
            return;
        }

        if (isHttp2)
        {
            var alpn = new PretendedAlpn(connection.Features);
            connection.Features.Set<ITlsConnectionFeature>(alpn);
            connection.Features.Set<ITlsApplicationProtocolFeature>(alpn);
        }

        await next(connection);
    }

    private async ValueTask<bool> BeginsWithPrefaceAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default);
        patience.CancelAfter(limits.KeepAliveTimeout);
        for (var seen = 0L; ;)
        {
            var result = input.TryRead(out var arrived) ? arrived : await input.ReadAsync(patience.Token);
            var buffer = result.Buffer;
            var decision = IsPreface(buffer, result.IsCompleted);
            if (seen == 0)
            {
                patience.CancelAfter(limits.RequestHeadersTimeout);
            }

            // Marked as seen, bytes come again only together with new ones: so what decided is not marked.
            var length = buffer.Length;
            input.AdvanceTo(buffer.Start, decision is null ? buffer.End : buffer.GetPosition(seen));
            if (decision is { } isPreface)
            {
                return isPreface;
            }

            seen = length;
        }
    }

    /// <returns>Null as long as it may yet become the preface.</returns>
    private static bool? IsPreface(ReadOnlySequence<byte> buffer, bool isCompleted)
    {
        Span<byte> start = stackalloc byte[Preface.Length];
        start = start[..(int)Math.Min(buffer.Length, start.Length)];
        buffer.Slice(0, start.Length).CopyTo(start);
        return !start.SequenceEqual(Preface[..start.Length]) ? false
            : start.Length == Preface.Length ? true
            : isCompleted ? false
            : null;
    }

    /// <summary>What ALPN would have left on the connection, until it has been asked for.</summary>
    private sealed class PretendedAlpn(IFeatureCollection connection) : ITlsConnectionFeature, ITlsApplicationProtocolFeature
    {
        public ReadOnlyMemory<byte> ApplicationProtocol
        {
            get
            {
                connection.Set<ITlsConnectionFeature>(null);
                connection.Set<ITlsApplicationProtocolFeature>(null);
                return Http2;
            }
        }

        /// <summary>There is none, and none can be set.</summary>
        public X509Certificate2? ClientCertificate
        {
            get => null;
            set => throw new NotSupportedException("a connection in clear text has no certificate");
        }

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) =>
            Task.FromResult<X509Certificate2?>(null);

        private static readonly ReadOnlyMemory<byte> Http2 = "h2"u8.ToArray();
    }
}
