using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Raftd.Tls;

/// <summary>Says in words why the other side's certificate is refused.</summary>
internal static class RemoteCertificate
{
    /// <summary>Extended key usage, RFC 5280, 4.2.1.12.</summary>
    public static Oid ServerUsage { get; } = new("1.3.6.1.5.5.7.3.1");

    public static Oid ClientUsage { get; } = new("1.3.6.1.5.5.7.3.2");

    /// <param name="certificate">What came, if any.</param>
    /// <param name="chain">How it was judged.</param>
    /// <param name="errors">The outcome.</param>
    /// <param name="host">The name that it was called by; null for one that called.</param>
    /// <returns>Null for one that is trusted.</returns>
    public static string? Problem(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, string? host)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        if (certificate is not X509Certificate2 came || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "it sent no certificate";
        }

        return errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)
            ? ChainProblem(came, chain)
            : $"its certificate does not name {host}; it names {NamesOf(came)}";
    }

    private static string ChainProblem(X509Certificate2 certificate, X509Chain? chain)
    {
        var status = (chain?.ChainStatus ?? []).Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        if ((status & (X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot)) != 0)
        {
            return "its certificate is not of the CA that is trusted here";
        }

        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            return $"its certificate, or one above it, is out of its time (its own is {certificate.NotBefore.ToUniversalTime():u} to "
                + $"{certificate.NotAfter.ToUniversalTime():u})";
        }

        return status.HasFlag(X509ChainStatusFlags.NotValidForUsage)
            ? "its certificate is not for this use: the extended key usage must hold serverAuth where it is called, and clientAuth where "
                + "it calls"
            : $"its certificate is not trusted ({status})";
    }

    private static string NamesOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())))
            .ToArray();
        return names.Length > 0 ? string.Join(", ", names) : "none";
    }
}
