using System.Net;
using System.Net.Security;
using Raftd.Testing.Tls;
using Raftd.Tls;

namespace Raftd.Api.Tests;

/// <summary>What a server and its client need to speak HTTP/2, with TLS or without.</summary>
internal sealed class Http2Way(bool hasTls) : IDisposable
{
    private readonly CertificateFolder _certificates = new();

    public TlsIdentity? Identity { get; private set; }

    /// <summary>Of a client of that identity.</summary>
    public SslClientAuthenticationOptions? Trust => hasTls ? _certificates.Client() : null;

    public HttpClient Connect()
    {
        Identity = hasTls ? _certificates.Identity(asksForCertificates: false) : null;
        return _certificates.Http(HttpVersion.Version20);
    }

    public void Dispose() => _certificates.Dispose();
}

/// <summary>A host whose tests ask it over HTTP/2.</summary>
public abstract class HostOverHttp2 : InMemoryHost
{
    private readonly Http2Way _way;

    private protected HostOverHttp2(Http2Way way)
        : this(way, way.Connect())
    {
    }

    private HostOverHttp2(Http2Way way, HttpClient client)
        : base(new ApiOptions(), tls: way.Identity)
    {
        _way = way;
        Http2 = client;
        Tls = way.Trust;
    }

    public override async ValueTask DisposeAsync()
    {
        Http2!.Dispose();
        await base.DisposeAsync();
        _way.Dispose();
    }
}

/// <summary>In clear text, on the port that speaks HTTP/1.1 too.</summary>
public sealed class ClearHttp2Host() : HostOverHttp2(new Http2Way(hasTls: false));

/// <summary>By ALPN.</summary>
public sealed class SecuredHttp2Host() : HostOverHttp2(new Http2Way(hasTls: true));
