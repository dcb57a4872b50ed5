using System.Net;
using System.Net.Security;
using Raftd.Tls;

namespace Raftd.Peers.Http;

/// <summary>HTTP/2 between members, with TLS or without, and how its failures are told apart.</summary>
internal static class PeerHttp
{
    /// <summary>After this much silence on a connection, a ping asks whether the other side is there.</summary>
    public static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(2);

    /// <summary>A connection whose ping is not answered for this long is given up.</summary>
    public static readonly TimeSpan PingLimit = TimeSpan.FromSeconds(2);

    /// <summary>What one stream may carry, either way, before its reader has taken it.</summary>
    public const int StreamWindowBytes = 4 << 20;

    /// <summary>A client with one connection of its own: a stream on it never waits behind another client's bytes.</summary>
    public static HttpClient CreateClient(TimeSpan connectTimeout, TlsIdentity? tls) => new(new SocketsHttpHandler
    {
        SslOptions = tls is null ? new SslClientAuthenticationOptions() : TlsDial.OptionsOf(tls),
        ConnectTimeout = connectTimeout,
        UseProxy = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
        InitialHttp2StreamWindowSize = StreamWindowBytes,

        // The ping finds a peer that vanished without closing.
        KeepAlivePingDelay = PingAfter,
        KeepAlivePingTimeout = PingLimit,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>A call to a member, with the handshake in its headers.</summary>
    public static HttpRequestMessage Post(string address, string path, PeerHandshake handshake, TlsIdentity? tls)
    {
        var scheme = tls is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        var request = new HttpRequestMessage(HttpMethod.Post, $"{scheme}://{address}{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        handshake.WriteTo(request);
        return request;
    }

    /// <summary>The body of a refusal, short enough for a log line.</summary>
    public static async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return text.Length == 0 ? $"status {(int)response.StatusCode}" : text[..Math.Min(text.Length, MaxReasonChars)];
    }

    private const int MaxReasonChars = 500;
}
