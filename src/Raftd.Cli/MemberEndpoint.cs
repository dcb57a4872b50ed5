using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Raftd.Cli;

/// <summary>A member that a command speaks with, and how.</summary>
/// <param name="Url">As http://127.0.0.1:7200.</param>
/// <param name="Authority">A file with the CA that has signed its certificate; null for those that this machine trusts.</param>
/// <param name="Certificate">A file with the command's own certificate; null for none.</param>
/// <param name="Key">With the certificate.</param>
internal sealed record MemberEndpoint(Uri Url, string? Authority, string? Certificate, string? Key)
{
    public const string Variable = "RAFTD_ENDPOINT";
    public const string Default = "http://127.0.0.1:7200";

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(20);

    /// <summary>The bucket that all requests go into; null for the default one.</summary>
    public string? Bucket { get; init; }

    /// <summary>Without a limit for whole calls: some take as long as the state is large.</summary>
    /// <exception cref="FatalException">A file cannot be used.</exception>
    public HttpClient Connect()
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = ConnectLimit,
            SslOptions = TlsOptions(),
            UseProxy = false,

            // Of HTTP/2: a stream that waits for news must not wait for a server that is gone.
            KeepAlivePingDelay = PingInterval,
            KeepAlivePingTimeout = PingInterval,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        };
        return new HttpClient(Bucket is null ? handler : new BucketHandler(Bucket, handler)) { BaseAddress = Url, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>One small call, answered whole.</summary>
    /// <exception cref="FatalException">No answer in time, or a refusal.</exception>
    public async Task<byte[]> AskAsync(HttpClient client, HttpMethod method, string target, TimeSpan limit)
    {
        using var timer = new CancellationTokenSource(limit);
        try
        {
            using var request = new HttpRequestMessage(method, target);
            using var answer = await client.SendAsync(request, timer.Token);
            var body = await answer.Content.ReadAsByteArrayAsync(timer.Token);
            return answer.IsSuccessStatusCode ? body : throw Refusal(body, (int)answer.StatusCode);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            throw new FatalException(new FatalError(
                ExitCode.StartFailed,
                $"{Url} does not answer: {(failure is OperationCanceledException ? "it fell silent" : failure.Message)}",
                "check -endpoint, or ask another member"));
        }
    }

    /// <summary>With the member's own words, if it is one.</summary>
    public FatalException Refusal(byte[] body, int status)
    {
        var error = MemberError.Read(body, status);
        return new FatalException(
            new FatalError(ExitCode.StartFailed, $"{Url} refused: {error.What}", error.ToDo ?? "is it a raftd? check -endpoint"));
    }

    private SslClientAuthenticationOptions TlsOptions()
    {
        var options = new SslClientAuthenticationOptions();
        try
        {
            if (Authority is not null)
            {
                options.CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                };
                options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(Authority);
            }

            if (Certificate is not null)
            {
                options.ClientCertificates = [X509Certificate2.CreateFromPemFile(Certificate, Key)];
            }

            return options;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new FatalException(new FatalError(
                ExitCode.Usage, $"a certificate cannot be used ({unusable.Message})", "-cacert, -cert and -key, and those of a source, name files in PEM"));
        }
    }
}
