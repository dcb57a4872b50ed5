using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Tls;
using Raftd.Tls.Making;

namespace Raftd.Testing.Tls;

/// <summary>A CA and the files of certificates for this machine; those of the suites that speak TLS.</summary>
internal sealed class CertificateFolder : IDisposable
{
    private static readonly string[] Loopback = ["localhost", "127.0.0.1"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("raftd-test-");

    public CertificateFolder() => File.WriteAllText(At("ca.crt"), Authority.Files.Certificate);

    public CertificateAuthority Authority { get; } = NewAuthority();

    public static CertificateAuthority NewAuthority() => CertificateAuthority.Create(DateTimeOffset.UtcNow);

    public string At(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>A certificate of this CA, or of another one, in memory.</summary>
    public PemPair Issue(
        string name = "server", CertificateAuthority? by = null, string[]? hosts = null, DateTimeOffset? until = null)
    {
        var end = until ?? DateTimeOffset.UtcNow.AddDays(1);
        return (by ?? Authority).Issue(name, hosts ?? Loopback, end.AddDays(-2), end);
    }

    /// <summary>Puts it where <see cref="Files"/> finds it.</summary>
    public void Write(PemPair pair, string name = "server")
    {
        File.WriteAllText(At(name + ".crt"), pair.Certificate);
        File.WriteAllText(At(name + ".key"), pair.Key);
    }

    public TlsFiles Files(bool asksForCertificates, string name = "server") => new(
        new NamedFile("-cert", At(name + ".crt")),
        new NamedFile("-key", At(name + ".key")),
        asksForCertificates ? new NamedFile("-client-ca", At("ca.crt")) : null);

    /// <summary>Of a new certificate.</summary>
    public TlsIdentity Identity(bool asksForCertificates, string name = "server", TimeProvider? time = null, ILogger? logger = null)
    {
        Write(Issue(name), name);
        return TlsIdentity.Open(Files(asksForCertificates, name), time ?? TimeProvider.System, logger ?? NullLogger.Instance);
    }

    /// <summary>How a client connects that trusts this CA, or another one, alone.</summary>
    public SslClientAuthenticationOptions Client(PemPair? own = null, CertificateAuthority? trusts = null)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(X509Certificate2.CreateFromPem((trusts ?? Authority).Files.Certificate));
        return new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            CertificateChainPolicy = policy,
            ClientCertificates = own is null ? null : [X509Certificate2.CreateFromPem(own.Certificate, own.Key)],
        };
    }

    /// <summary>A client that speaks this version of HTTP and no other.</summary>
    public HttpClient Http(Version? version = null, PemPair? own = null, CertificateAuthority? trusts = null) => new(
        new SocketsHttpHandler { SslOptions = Client(own, trusts), AllowAutoRedirect = false })
    {
        DefaultRequestVersion = version ?? HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public void Dispose() => _folder.Delete(recursive: true);
}
