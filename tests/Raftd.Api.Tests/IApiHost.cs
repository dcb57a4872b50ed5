using System.Net.Security;

namespace Raftd.Api.Tests;

/// <summary>A server to send requests to. The bodies of these tests ask for no more than this, so that they can run
/// against a member of a real cluster as well as against the store in memory.</summary>
public interface IApiHost
{
    /// <summary>As http://127.0.0.1:1234, without a slash at the end.</summary>
    Uri BaseUrl { get; }

    /// <summary>Sends its requests over HTTP/2; null where RawHttp sends them over HTTP/1.1.</summary>
    HttpClient? Http2 => null;

    /// <summary>For connections by hand; null for clear text.</summary>
    SslClientAuthenticationOptions? Tls => null;
}
