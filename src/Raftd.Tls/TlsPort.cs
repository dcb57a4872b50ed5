// A port that speaks TLS.
//
// A connection passes, in this order:
//
//   1. the bound on handshakes (Handshakes);
//   2. a look at its first byte: clear text is told that this port speaks TLS, and goes no further;
//   3. the handshake, within a time limit, with the certificate that is in the files now (TlsIdentity);
//   4. where a CA is set: the check of its certificate.
//
// The handshake completes for a certificate that is missing or not trusted, and step 4 refuses it with an answer that says
// why. A handshake that fails can say no more than "bad certificate", and with TLS 1.3 often not even that. Nothing that
// such a client sends reaches the parser of HTTP. Step 4 lets in only what the check has passed: a connection whose check
// did not run is refused.

using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Raftd.Tls;

/// <param name="identity">Its certificate, and the CA of those who connect.</param>
/// <param name="audience">Who connects, for the log: clients or peers.</param>
/// <param name="logger">Gets a line, now and then, about those who are refused.</param>
/// <param name="time">Of the limits.</param>
public sealed class TlsPort(TlsIdentity identity, string audience, ILogger logger, TimeProvider time)
{
    private static readonly PortAnswer UseHttps = new(
        400, "tls_required", "this port speaks TLS: use https://", "with curl, --cacert names the CA of the server's certificate");

    private readonly LogPace _clearText = new(time);
    private readonly LogPace _refused = new(time);
    private readonly LogPace _cut = new(time);
    private Handshakes? _handshakes;

    /// <summary>From the connection to the end of the handshake.</summary>
    public TimeSpan HandshakeTimeLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Handshakes under way at once.</summary>
    public int MaxHandshakes { get; init; } = 512;

    /// <summary>For tests.</summary>
    internal int HandshakesUnderWay => Underway.Count;

    private Handshakes Underway => _handshakes ??= new Handshakes(MaxHandshakes, time);

    /// <summary>Puts it all before the protocols of an endpoint. The endpoint's protocols are those that ALPN offers.</summary>
    public void Use(ListenOptions listen)
    {
        listen.Use(next => connection => AdmitAsync(connection, next));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeTimeLimit,
            OnConnection = handshake => ValueTask.FromResult(OptionsFor(handshake.Connection)),
        });
        listen.Use(next => connection => EnterAsync(connection, next));
    }

    private async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var handshake = Underway.TryBegin(connection, out var isFull);
        if (isFull && _cut.MaySpeak(out var silenced))
        {
            TlsLog.HandshakesCut(logger, MaxHandshakes, audience, silenced);
        }

        if (handshake is null)
        {
            connection.Abort(new ConnectionAbortedException("too many TLS handshakes are under way"));
            return;
        }

        connection.Features.Set(handshake);
        try
        {
            if (await IsTlsAsync(connection))
            {
                await next(connection);
            }
        }
        catch (OperationCanceledException)
        {
            connection.Abort(new ConnectionAbortedException("it said nothing for too long"));
        }
        finally
        {
            handshake.End();
        }
    }

    private async Task<bool> IsTlsAsync(ConnectionContext connection)
    {
        using var limit = new OpeningLimit(connection, HandshakeTimeLimit, time);
        var input = connection.Transport.Input;
        if (await OpeningReader.IsTlsAsync(input, limit.Token))
        {
            return true;
        }

        var opening = await OpeningReader.ClearTextAsync(input, limit.Token);
        if (opening != Opening.Unknown)
        {
            if (_clearText.MaySpeak(out var silenced))
            {
                TlsLog.ClearTextOnTlsPort(logger, connection.RemoteEndPoint, audience, silenced);
            }

            await UseHttps.SendAsync(connection.Transport, opening == Opening.Http2, time);
        }

        return false;
    }

    private SslServerAuthenticationOptions OptionsFor(ConnectionContext connection)
    {
        var material = identity.Current;
        var options = new SslServerAuthenticationOptions
        {
            EnabledSslProtocols = TlsDial.Versions,
            ServerCertificateContext = material.Chain,
            AllowRenegotiation = false,
        };
        if (material.Authorities is not null)
        {
            var caller = new CallerCertificate();
            connection.Features.Set(caller);
            options.ClientCertificateRequired = true;
            options.CertificateChainPolicy = material.PolicyFor(RemoteCertificate.ClientUsage);

            // A session that is taken up again would bring in a certificate of a CA that has been taken out since.
            options.AllowTlsResume = false;
#pragma warning disable CA5359 // Accepts every certificate: EnterAsync refuses those with a problem, and says so.
            options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                caller.Subject = certificate?.Subject ?? "none";
                caller.Problem = RemoteCertificate.Problem(certificate, chain, errors, host: null);
                return true;
            };
#pragma warning restore CA5359
        }

        return options;
    }

    private Task EnterAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Features.Get<Handshakes.Handshake>()?.End();
        return identity.Authority is null || connection.Features.Get<CallerCertificate>() is { Problem: null }
            ? next(connection)
            : RefuseAsync(connection);
    }

    private Task RefuseAsync(ConnectionContext connection)
    {
        var caller = connection.Features.Get<CallerCertificate>() ?? new CallerCertificate();
        if (_refused.MaySpeak(out var silenced))
        {
            TlsLog.CertificateRefused(logger, connection.RemoteEndPoint, audience, caller.Problem!, caller.Subject, silenced);
        }

        var answer = new PortAnswer(
            403, "client_certificate", $"this port takes connections with a certificate of its CA only: {caller.Problem}",
            "with curl, --cert and --key name one");
        var protocol = connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol ?? default;
        return answer.SendAsync(connection.Transport, protocol.Span.SequenceEqual("h2"u8), time);
    }

    /// <summary>What the handshake found; a problem until the check has passed.</summary>
    private sealed class CallerCertificate
    {
        public string? Problem { get; set; } = "its certificate was not checked";

        public string Subject { get; set; } = "none";
    }
}
