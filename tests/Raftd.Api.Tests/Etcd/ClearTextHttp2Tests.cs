using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Raftd.Api.Tests.Etcd;

/// <summary>HTTP/1.1 and HTTP/2 in clear text on one port.</summary>
public sealed class ClearTextHttp2Tests
{
    private static readonly byte[] Preface = Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    private static readonly byte[] EmptySettings = [0, 0, 0, 4, 0, 0, 0, 0, 0];

    // Of HPACK's static table; indexes below 0x80 name a field whose value follows as it is.
    private const byte AuthorityIndex = 1;
    private const byte MethodGet = 0x82;
    private const byte PathIndex = 4;
    private const byte SchemeHttp = 0x86;
    private const byte StatusOk = 0x88;

    [Fact]
    public async Task BothVersions_OnOnePort_AreAnswered()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        using var client = new HttpClient();
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20, HttpVersion.Version11 })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.BaseUrl, "/livez"))
            {
                Version = version,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            using var response = await client.SendAsync(request);
            Assert.Equal((version, HttpStatusCode.OK), (response.Version, response.StatusCode));
        }
    }

    [Fact]
    public async Task Preface_ByteByByte_IsHttp2()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        using var connection = await ConnectAsync(host);
        foreach (var next in Preface)
        {
            await connection.SendAsync(new[] { next });
        }

        await connection.SendAsync(EmptySettings);
        var answer = new byte[9];
        await new NetworkStream(connection).ReadExactlyAsync(answer);
        Assert.Equal((4, 0), (answer[3], answer[4]));
    }

    [Theory]
    [InlineData("GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("PUT /key/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200")]
    [InlineData("PRI * HTTP/2.1\r\n\r\n", "HTTP/1.1 505")]
    [InlineData("PRIX /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 405")]
    public async Task OtherBeginnings_ByteByByte_AreHttp1(string request, string answer)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        using var connection = await ConnectAsync(host);
        foreach (var next in Encoding.ASCII.GetBytes(request))
        {
            await connection.SendAsync(new[] { next });
        }

        var head = new byte[answer.Length];
        await new NetworkStream(connection).ReadExactlyAsync(head);
        Assert.Equal(answer, Encoding.ASCII.GetString(head));
    }

    /// <summary>As etcdctl 3.4 names the members that it asks one by one. What it names otherwise is refused as ever.</summary>
    [Theory]
    [InlineData("127.0.0.1:1234", Frame.Headers)]
    [InlineData("http://127.0.0.1:1234", Frame.Headers)]
    [InlineData("https://[::1]:1234", Frame.Headers)]
    [InlineData("ftp://127.0.0.1:1234", Frame.Reset)]
    [InlineData("http://http://127.0.0.1", Frame.Reset)]
    public async Task Authority_WithAScheme_IsTakenWithoutIt(string authority, byte kind)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        using var connection = await ConnectAsync(host);
        byte[] fields = [MethodGet, SchemeHttp, .. Literal(PathIndex, "/status"), .. Literal(AuthorityIndex, authority)];
        await connection.SendAsync(Preface);
        await connection.SendAsync(EmptySettings);
        await connection.SendAsync((byte[])[0, 0, (byte)fields.Length, Frame.Headers, Frame.EndsStreamAndHeaders, 0, 0, 0, 1, .. fields]);
        var stream = new NetworkStream(connection);
        while (true)
        {
            var head = new byte[9];
            await stream.ReadExactlyAsync(head);
            var payload = new byte[(head[0] << 16) + (head[1] << 8) + head[2]];
            await stream.ReadExactlyAsync(payload);
            if (head[3] is Frame.Headers or Frame.Reset)
            {
                Assert.Equal(kind, head[3]);
                Assert.True(kind == Frame.Reset || payload[0] == StatusOk);
                return;
            }
        }
    }

    /// <summary>A client whose time is up takes back what it has asked for, and may. A flood of that (CVE-2023-44487) is closed.</summary>
    [Theory]
    [InlineData(400, false)]
    [InlineData(2500, true)]
    public async Task RequestsTakenBackAtOnce_BeyondABurst_EndTheirConnection(int count, bool isClosed)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        using var connection = await ConnectAsync(host);
        byte[] fields = [MethodGet, SchemeHttp, .. Literal(PathIndex, "/key/a?wait=30s"), .. Literal(AuthorityIndex, "127.0.0.1")];
        await connection.SendAsync((byte[])[.. Preface, .. EmptySettings]);
        var stream = new NetworkStream(connection);
        try
        {
            for (var at = 0; at < count; at++)
            {
                byte[] id = [0, 0, (byte)(((2 * at) + 1) >> 8), (byte)((2 * at) + 1)];
                await stream.WriteAsync((byte[])
                [
                    0, 0, (byte)fields.Length, Frame.Headers, Frame.EndsStreamAndHeaders, .. id, .. fields,
                    0, 0, 4, Frame.Reset, 0, .. id, 0, 0, 0, 8,
                ]);
            }
        }
        catch (IOException)
        {
            Assert.True(isClosed, "the connection was closed");
        }

        Assert.True(isClosed ? await EndsAsync(stream) : await IsAnsweredAsync(stream));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(23)]
    public async Task Preface_ThatIsNotFinished_EndsAfterTheTimeOfHeaders(int bytes)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions { RequestHeadersTimeout = TimeSpan.FromMilliseconds(100) });
        using var connection = await ConnectAsync(host);
        await connection.SendAsync(Preface[..bytes]);
        Assert.True(await IsClosedAsync(connection));
    }

    [Fact]
    public async Task Silence_FromTheFirst_EndsAfterTheTimeOfAnIdleConnection()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions { KeepAliveTimeout = TimeSpan.FromMilliseconds(100) });
        using var connection = await ConnectAsync(host);
        Assert.True(await IsClosedAsync(connection));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task Stop_WhileAConnectionIsLookedAt_ClosesIt(int bytes)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        using var connection = await ConnectAsync(host);
        await connection.SendAsync(Preface[..bytes]);
        Assert.Equal(200, RawHttp.Send(host, "GET", "/livez").Status);
        var closed = IsClosedAsync(connection);
        await host.StopAsync();
        Assert.True(await closed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Pretence_OfTls_ShowsToNoRequest(int version)
    {
        await using var app = await SeeingHostAsync();
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, app.Urls.Single())
        {
            Version = new Version(version, version == 1 ? 1 : 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await client.SendAsync(request);
        Assert.Equal("http, not encrypted, no protocol, no certificate", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Connection_OfHttp2_HasRoomForTenThousandStreams()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        using var connection = await ConnectAsync(host);
        await connection.SendAsync(Preface.Concat(EmptySettings).ToArray());
        var settings = await ReadSettingsAsync(new NetworkStream(connection));
        Assert.True(settings[3] >= 10_000, $"SETTINGS_MAX_CONCURRENT_STREAMS is {settings[3]}");
    }

    private static async Task<WebApplication> SeeingHostAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server =>
        {
            RaftdApi.ConfigureKestrel(server, new ApiOptions());
            server.Listen(IPAddress.Loopback, 0, port => port.UseClearTextHttp2());
        });
        var app = builder.Build();
        app.Run(context => context.Response.WriteAsync(SeenBy(context)));
        await app.StartAsync();
        return app;
    }

    private static string SeenBy(HttpContext context) => string.Join(
        ", ",
        context.Request.Scheme,
        context.Features.Get<ITlsConnectionFeature>() is null ? "not encrypted" : "encrypted",
        context.Features.Get<ITlsApplicationProtocolFeature>() is null ? "no protocol" : "a protocol",
        context.Connection.ClientCertificate is null ? "no certificate" : "a certificate");

    /// <summary>The values of a SETTINGS frame by their numbers.</summary>
    private static async Task<Dictionary<int, uint>> ReadSettingsAsync(Stream stream)
    {
        var head = new byte[9];
        await stream.ReadExactlyAsync(head);
        Assert.Equal(4, head[3]);
        var body = new byte[(head[1] << 8) + head[2]];
        await stream.ReadExactlyAsync(body);
        return body.Chunk(6).ToDictionary(
            item => (item[0] << 8) + item[1], item => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(item.AsSpan(2)));
    }

    private static async Task<Socket> ConnectAsync(InMemoryHost host)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(host.BaseUrl.Host, host.BaseUrl.Port);
        return socket;
    }

    /// <summary>A ping is, whatever else comes before.</summary>
    private static async Task<bool> IsAnsweredAsync(NetworkStream stream)
    {
        const byte Ping = 6;
        try
        {
            await stream.WriteAsync((byte[])[0, 0, 8, Ping, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
            for (var head = new byte[9]; head[3] != Ping;)
            {
                await stream.ReadExactlyAsync(head);
                await stream.ReadExactlyAsync(new byte[(head[0] << 16) + (head[1] << 8) + head[2]]);
            }

            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task<bool> EndsAsync(NetworkStream stream)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await stream.CopyToAsync(Stream.Null, patience.Token);
            return true;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static async Task<bool> IsClosedAsync(Socket connection)
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            return await connection.ReceiveAsync(new byte[1], patience.Token) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static byte[] Literal(byte index, string value) => [index, (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];

    private static class Frame
    {
        public const byte Headers = 1;
        public const byte Reset = 3;
        public const byte EndsStreamAndHeaders = 5;
    }
}
