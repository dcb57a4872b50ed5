using System.Net;
using Raftd.Testing.Tls;

namespace Raftd.Api.Tests;

/// <summary>The ways in which a client reaches the port: what the API promises holds over each.</summary>
public enum Transport
{
    Http1,
    Http1OverTls,
    Http2,
    Http2OverTls,
}

/// <summary>One host with TLS and one without, and a client for each way. Targets travel as they are written.</summary>
public sealed class TransportHosts : IAsyncLifetime
{
    private static readonly ApiOptions Small = new() { MaxValueBytes = 1024, MaxBodiesInFlightBytes = 2048 };

    private readonly CertificateFolder _certificates = new();
    private readonly InMemoryHost _clear = new(Small);
    private readonly InMemoryHost _secured;
    private readonly Dictionary<Transport, HttpClient> _clients;

    public TransportHosts()
    {
        _secured = new InMemoryHost(Small, tls: _certificates.Identity(asksForCertificates: false));
        _clients = new()
        {
            [Transport.Http1] = _certificates.Http(HttpVersion.Version11),
            [Transport.Http1OverTls] = _certificates.Http(HttpVersion.Version11),
            [Transport.Http2] = _certificates.Http(HttpVersion.Version20),
            [Transport.Http2OverTls] = _certificates.Http(HttpVersion.Version20),
        };
    }

    public static TheoryData<Transport> All => [.. Enum.GetValues<Transport>()];

    public InMemoryHost Host(Transport transport) => transport is Transport.Http1 or Transport.Http2 ? _clear : _secured;

    /// <param name="transport">The way.</param>
    /// <param name="method">The method.</param>
    /// <param name="target">Path and query; not a byte of it is changed.</param>
    /// <param name="body">If there is one.</param>
    /// <param name="expectsContinue">Whether the body waits for the server's word.</param>
    public Task<HttpResponseMessage> SendAsync(
        Transport transport, HttpMethod method, string target, HttpContent? body = null, bool expectsContinue = false)
    {
        var url = new Uri(Host(transport).BaseUrl, "/").GetLeftPart(UriPartial.Authority) + target;
        var client = _clients[transport];
        var request = new HttpRequestMessage(
            method, new Uri(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Content = body,
            Version = client.DefaultRequestVersion,
            VersionPolicy = client.DefaultVersionPolicy,
        };
        request.Headers.ExpectContinue = expectsContinue;
        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>HTTP/1.1 by hand, in clear text or with TLS.</summary>
    internal RawHttp Connect(Transport transport) =>
        RawHttp.Connect(Host(transport), transport == Transport.Http1 ? null : _certificates.Client());

    public async ValueTask InitializeAsync()
    {
        await _clear.InitializeAsync();
        await _secured.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }

        await _clear.DisposeAsync();
        await _secured.DisposeAsync();
        _certificates.Dispose();
    }
}
