using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Raftd.Tls;

/// <summary>What the files held when they were read: a certificate with the key that fits it, and the CA.</summary>
/// <remarks>Never disposed of: handshakes that began with it may still go on after a newer one has taken its place.</remarks>
public sealed class TlsMaterial
{
    private const int MaxFileBytes = 1 << 20;

    private TlsMaterial(X509Certificate2 certificate, SslStreamCertificateContext chain, X509Certificate2Collection? authorities)
    {
        Certificate = certificate;
        Chain = chain;
        Authorities = authorities;
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>The certificate with its key, and what is sent along with it.</summary>
    public SslStreamCertificateContext Chain { get; }

    /// <summary>Null where no CA was given.</summary>
    public X509Certificate2Collection? Authorities { get; }

    /// <exception cref="TlsFilesException">A file cannot be read, or is not what it should be.</exception>
    public static TlsMaterial Read(TlsFiles files)
    {
        var certificateText = ReadText(files.Certificate);
        var chain = CertificatesIn(files.Certificate, certificateText);
        var own = WithKey(files, certificateText, ReadText(files.Key));
        var authorities = files.Authority is { } authority ? CertificatesIn(authority, ReadText(authority)) : null;

        // Offline: what lies between certificate and CA is in the file, and a start or a handshake must not wait for a download.
        chain.RemoveAt(0);
        return new TlsMaterial(own, SslStreamCertificateContext.Create(own, chain, offline: true), authorities);
    }

    /// <summary>How the other side's certificate is judged; null where the system's own rules apply.</summary>
    /// <param name="usage">The extended key usage that it needs.</param>
    public X509ChainPolicy? PolicyFor(Oid usage)
    {
        if (Authorities is null)
        {
            return null;
        }

        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(Authorities);
        policy.ApplicationPolicy.Add(usage);
        return policy;
    }

    private static string ReadText(NamedFile file)
    {
        try
        {
            using var stream = File.OpenRead(file.Path);
            return stream.Length <= MaxFileBytes
                ? new StreamReader(stream).ReadToEnd()
                : throw new TlsFilesException($"{file}: is larger than 1 MiB", "name a PEM file");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new TlsFilesException(
                $"{file}: cannot be read ({failure.Message})", "name a file that the server's user may read");
        }
    }

    private static X509Certificate2Collection CertificatesIn(NamedFile file, string text)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(text);
        }
        catch (CryptographicException broken)
        {
            throw new TlsFilesException(
                $"{file}: holds a certificate that cannot be read ({broken.Message})", "'openssl x509 -text -in' shows what is in it");
        }

        return found.Count > 0
            ? found
            : throw new TlsFilesException($"{file}: holds no certificate", "it must hold a block that begins with BEGIN CERTIFICATE");
    }

    private static X509Certificate2 WithKey(TlsFiles files, string certificateText, string keyText)
    {
        if (!keyText.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new TlsFilesException($"{files.Key}: holds no private key", "it must hold a block that begins with BEGIN PRIVATE KEY");
        }

        if (keyText.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw new TlsFilesException(
                $"{files.Key}: the key is encrypted", "decrypt it with 'openssl pkey' into a file that only the server's user may read");
        }

        try
        {
            return X509Certificate2.CreateFromPem(certificateText, keyText);
        }
        catch (Exception mismatch) when (mismatch is CryptographicException or ArgumentException)
        {
            throw new TlsFilesException(
                $"{files.Key}: does not fit {files.Certificate}", "name the key that the certificate was made for");
        }
    }
}
