using System.Net;
using System.Text;

namespace Raftd.Api.Tests;

/// <summary>One request over HTTP/2, from the words that RawHttp sends over HTTP/1.1, so that one suite is for both.</summary>
internal static class OverHttp2
{
    /// <param name="client">Speaks HTTP/2, with TLS or in clear text.</param>
    /// <param name="server">As http://127.0.0.1:1234.</param>
    /// <param name="method">The method.</param>
    /// <param name="target">Path and query; not a byte of it is changed.</param>
    /// <param name="headers">Lines, each with its end.</param>
    /// <param name="body">If there is one.</param>
    public static RawAnswer Send(HttpClient client, Uri server, string method, string target, string headers, byte[]? body)
    {
        var url = server.GetLeftPart(UriPartial.Authority) + target;
        using var request = new HttpRequestMessage(
            new HttpMethod(method), new Uri(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body is null ? null : new ByteArrayContent(body),
        };
        foreach (var line in headers.Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            Add(request, line[..colon], line[(colon + 1)..].Trim());
        }

        // The client library has no calls for HTTP/2 that wait. These wait for it as RawHttp waits for its socket.
        return Task.Run(() => SendAsync(client, request)).GetAwaiter().GetResult();
    }

    private static async Task<RawAnswer> SendAsync(HttpClient client, HttpRequestMessage request)
    {
        using var response = await client.SendAsync(request);
        var head = new StringBuilder($"HTTP/2 {(int)response.StatusCode}\r\n");
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
        {
            head.Append($"{name}: {string.Join(", ", values)}\r\n");
        }

        return new RawAnswer((int)response.StatusCode, head.ToString(), await response.Content.ReadAsByteArrayAsync());
    }

    private static void Add(HttpRequestMessage request, string name, string value)
    {
        if (!request.Headers.TryAddWithoutValidation(name, value))
        {
            request.Content ??= new ByteArrayContent([]);
            Assert.True(request.Content.Headers.TryAddWithoutValidation(name, value), $"{name} is a header of HTTP/2");
        }
    }
}
