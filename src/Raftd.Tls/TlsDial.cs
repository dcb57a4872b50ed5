using System.Net.Security;
using System.Security.Authentication;

namespace Raftd.Tls;

/// <summary>How a member calls another one over TLS: with its own certificate, and with a check of the other's CA and name.</summary>
public static class TlsDial
{
    internal const SslProtocols Versions = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Of one connection, or of few that are made at about the same time: the certificates are read here.</summary>
    public static SslClientAuthenticationOptions OptionsOf(TlsIdentity identity)
    {
        var material = identity.Current;
        return new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = Versions,
            ClientCertificateContext = material.Chain,
            CertificateChainPolicy = material.PolicyFor(RemoteCertificate.ServerUsage),
            RemoteCertificateValidationCallback = static (sender, certificate, chain, errors) =>
            {
                var host = ((SslStream)sender).TargetHostName;

                // Thrown and not returned as false: the exception that comes of false does not say why.
                return RemoteCertificate.Problem(certificate, chain, errors, host) is { } problem
                    ? throw new AuthenticationException($"TLS to {host} failed: {problem}")
                    : true;
            },
        };
    }

    /// <summary>Why a call failed, with what TLS says of it: the client's own message only points to the inner one.</summary>
    public static string ReasonOf(Exception failure)
    {
        while (failure is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: { } inner })
        {
            failure = inner;
        }

        return failure is IOException ? $"TLS failed: {failure.Message}" : failure.Message;
    }
}
