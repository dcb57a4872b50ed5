// Makes certificates for a first try and for tests: a CA, and what it signs.
//
// Keys are on P-256. The extensions are those that TLS libraries ask for (RFC 5280): a CA says that it is one and signs
// certificates alone; what it signs says that it is none, serves and calls, and names its hosts as alternative names,
// because clients stopped reading the common name. Both carry key identifiers, which tell apart two CAs of one name.

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Raftd.Tls.Making;

public sealed class CertificateAuthority
{
    // Clocks differ a little.
    private static readonly TimeSpan Backdated = TimeSpan.FromHours(1);
    private const int SerialNumberBytes = 16;

    private readonly X509Certificate2 _certificate;

    private CertificateAuthority(X509Certificate2 certificate, PemPair files)
    {
        _certificate = certificate;
        Files = files;
    }

    /// <summary>How long a new CA is valid.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromDays(3650);

    public PemPair Files { get; }

    public DateTime ValidUntil => _certificate.NotAfter.ToUniversalTime();

    /// <param name="now">It is valid from about now.</param>
    /// <param name="lifetime">Of the CA; <see cref="Lifetime"/> if nothing is said.</param>
    public static CertificateAuthority Create(DateTimeOffset now, TimeSpan? lifetime = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var mark = RandomNumberGenerator.GetHexString(6, lowercase: true);
        var request = new CertificateRequest($"CN=raftd CA {mark}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var certificate = request.CreateSelfSigned(now - Backdated, now + (lifetime ?? Lifetime));
        return new CertificateAuthority(certificate, FilesOf(certificate, key));
    }

    /// <exception cref="CryptographicException">These are no CA's files, or do not belong together.</exception>
    /// <exception cref="ArgumentException">As above.</exception>
    public static CertificateAuthority Load(PemPair files)
    {
        var certificate = X509Certificate2.CreateFromPem(files.Certificate, files.Key);
        return certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority)
            ? new CertificateAuthority(certificate, files)
            : throw new CryptographicException("the certificate is not that of a CA");
    }

    /// <summary>A certificate for a member or a client.</summary>
    /// <param name="name">Its common name.</param>
    /// <param name="hosts">Names and addresses that it is called by.</param>
    /// <param name="from">The begin of its time; not before the CA's.</param>
    /// <param name="until">The end of its time; not after the CA's.</param>
    public PemPair Issue(string name, IReadOnlyList<string> hosts, DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [RemoteCertificate.ServerUsage, RemoteCertificate.ClientUsage], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            _certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        request.CertificateExtensions.Add(Names(hosts));
        using var certificate = request.Create(_certificate, Later(from - Backdated), Earlier(until), SerialNumber());
        return FilesOf(certificate, key);
    }

    private static X509Extension Names(IReadOnlyList<string> hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return names.Build();
    }

    private DateTimeOffset Later(DateTimeOffset from) =>
        from.UtcDateTime > _certificate.NotBefore.ToUniversalTime() ? from : new DateTimeOffset(_certificate.NotBefore);

    private DateTimeOffset Earlier(DateTimeOffset until) =>
        until.UtcDateTime < ValidUntil ? until : new DateTimeOffset(_certificate.NotAfter);

    /// <summary>Positive, and not short: the first byte is neither 0 nor above 127.</summary>
    private static byte[] SerialNumber()
    {
        var number = RandomNumberGenerator.GetBytes(SerialNumberBytes);
        number[0] = (byte)((number[0] & 0x7F) | 0x40);
        return number;
    }

    private static PemPair FilesOf(X509Certificate2 certificate, ECDsa key) =>
        new(certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
}
