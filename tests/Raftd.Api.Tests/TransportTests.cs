using System.Buffers.Text;
using System.Net;
using System.Text;

namespace Raftd.Api.Tests;

/// <summary>What depends on how requests travel: raw targets, bodies that are too large or too slow, over HTTP/1.1 and HTTP/2, each
/// in clear text and with TLS. RawTargetTests and BodyTests go into what only HTTP/1.1 can send.</summary>
public sealed class TransportTests(TransportHosts hosts) : IClassFixture<TransportHosts>
{
    public static TheoryData<Transport> All => TransportHosts.All;

    /// <summary>Targets that a client library would tidy up, and the keys that they name.</summary>
    public static TheoryData<Transport, string, string> Targets => new(
        from transport in Enum.GetValues<Transport>()
        from named in new (string Target, string Key)[]
        {
            ("/key/../status", "../status"),
            ("/key/./a", "./a"),
            ("/key/%2e%2E/status", "../status"),
            ("/key//esq/a", "/esq/a"),
            ("/key/a%2Fb", "a/b"),
            ("/key/a%252Fb", "a%2Fb"),
            ("/key/a+b;c=d&e", "a+b;c=d&e"),
            ("/key/%C3%A9", "é"),
        }
        select (transport, named.Target, named.Key));

    [Theory]
    [MemberData(nameof(All))]
    public async Task Request_OverEachWay_HasItsProtocol(Transport transport)
    {
        using var answer = await hosts.SendAsync(transport, HttpMethod.Get, "/version");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(transport is Transport.Http2 or Transport.Http2OverTls ? HttpVersion.Version20 : HttpVersion.Version11, answer.Version);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Key_OfEveryByte_RoundTripsThroughThePath(Transport transport)
    {
        // A NUL cannot travel in a path.
        for (var value = 1; value < 256; value++)
        {
            byte[] key = [(byte)value, (byte)'/', (byte)value];
            var named = $"/key/?key64={Base64Url.EncodeToString(key)}";
            var escaped = "/key/" + string.Concat(key.Select(b => $"%{b:X2}"));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(transport, HttpMethod.Put, escaped, new ByteArrayContent(key)));
            Assert.Equal(key, await BytesAsync(transport, named));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(transport, HttpMethod.Delete, escaped));
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Path_OfAKey_IsTakenAsItCame(Transport transport, string target, string key)
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(transport, HttpMethod.Put, target, new StringContent("x")));
        var named = $"/key/?key64={Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key))}";
        Assert.Equal("x"u8.ToArray(), await BytesAsync(transport, named));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(transport, HttpMethod.Delete, named));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Body_TooLarge_IsRefusedBeforeItIsSent(Transport transport)
    {
        var body = new CountedContent(1025);
        using var answer = await hosts.SendAsync(transport, HttpMethod.Put, "/key/large", body, expectsContinue: true);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal(0, body.Sent);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(transport, HttpMethod.Get, "/key/large"));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Body_OfUnknownLengthThatGrowsTooLarge_IsRefused(Transport transport)
    {
        using var answer = await hosts.SendAsync(transport, HttpMethod.Put, "/key/large", new CountedContent(100_000, hasLength: false));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        await hosts.Host(transport).AllBodiesAreReleasedAsync();
    }

    /// <summary>By hand: the client library reads no answer of HTTP/1.1 before it has sent its body.</summary>
    [Theory]
    [InlineData(Transport.Http1)]
    [InlineData(Transport.Http1OverTls)]
    public async Task BodyOverHttp1_SentTooSlowly_Is408(Transport transport)
    {
        using var connection = hosts.Connect(transport);
        connection.SendText("PUT /key/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nslow");
        Assert.Equal(408, connection.ReadAnswer().Status);
        await hosts.Host(transport).AllBodiesAreReleasedAsync();
    }

    /// <summary>The server measures the rate of a connection there, and ends the connection.</summary>
    [Theory]
    [InlineData(Transport.Http2)]
    [InlineData(Transport.Http2OverTls)]
    public async Task BodyOverHttp2_SentTooSlowly_EndsItsConnection(Transport transport)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<HttpRequestException>(() => hosts.SendAsync(
            transport, HttpMethod.Put, "/key/slow", new StalledContent(limit.Token)));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(transport, HttpMethod.Get, "/key/slow"));
        await hosts.Host(transport).AllBodiesAreReleasedAsync();
    }

    private async Task<HttpStatusCode> StatusAsync(Transport transport, HttpMethod method, string target, HttpContent? body = null)
    {
        using var answer = await hosts.SendAsync(transport, method, target, body);
        return answer.StatusCode;
    }

    private async Task<byte[]> BytesAsync(Transport transport, string target)
    {
        using var answer = await hosts.SendAsync(transport, HttpMethod.Get, target);
        return await answer.Content.ReadAsByteArrayAsync();
    }

    /// <summary>Zeros; counts those that were asked for.</summary>
    private sealed class CountedContent(int bytes, bool hasLength = true) : HttpContent
    {
        private const int PieceBytes = 1000;

        public int Sent { get; private set; }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (; Sent < bytes; Sent += PieceBytes)
            {
                await stream.WriteAsync(new byte[Math.Min(PieceBytes, bytes - Sent)]);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes;
            return hasLength;
        }
    }

    /// <summary>Four bytes of ten, and no more until it is cancelled.</summary>
    private sealed class StalledContent(CancellationToken stopped) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("slow"u8.ToArray(), stopped);
            await stream.FlushAsync(stopped);
            await Task.Delay(Timeout.Infinite, stopped);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 10;
            return true;
        }
    }
}
