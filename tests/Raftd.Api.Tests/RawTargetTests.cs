using System.Buffers.Text;
using System.Text;

namespace Raftd.Api.Tests;

/// <summary>Keys are bytes: every one goes through a path or through key64 and comes back as it was.</summary>
public sealed class RawTargetTests(InMemoryHost host) : IClassFixture<InMemoryHost>
{
    /// <summary>Every byte alone, every byte before and after a slash, and triples that hold it three times.</summary>
    private static IEnumerable<byte[]> Keys =>
        from b in Enumerable.Range(0, 256).Select(value => (byte)value)
        from key in new byte[][] { [b], [b, (byte)'/'], [(byte)'/', b], [b, b, b], [(byte)'%', b, (byte)'2'] }
        select key;

    [Fact]
    public void Key_OfEveryByte_RoundTripsThroughPathAndKey64()
    {
        using var connection = RawHttp.Connect(host);
        foreach (var key in Keys)
        {
            var named = $"/key/?key64={Base64Url.EncodeToString(key)}";
            Send(connection, "PUT", named, key);
            Assert.Equal(key, Send(connection, "GET", named).Body);

            // A NUL cannot travel in a path: Kestrel refuses it before it asks us.
            if (!key.Contains((byte)0))
            {
                Assert.Equal(key, Send(connection, "GET", "/key/" + Escape(key)).Body);
                Assert.Equal("1", Send(connection, "DELETE", "/key/" + Escape(key)).Header("X-Raftd-Deleted"));
                Assert.Equal(404, Send(connection, "GET", named).Status);
            }
        }
    }

    [Theory]
    [InlineData("/key/../status", "../status")]
    [InlineData("/key/a/../../status", "a/../../status")]
    [InlineData("/key/./a", "./a")]
    [InlineData("/key/..", "..")]
    [InlineData("/key/%2e%2E/status", "../status")]
    [InlineData("/key//esq/a", "/esq/a")]
    [InlineData("/key///", "//")]
    [InlineData("/key/a%2Fb", "a/b")]
    [InlineData("/key/a%252Fb", "a%2Fb")]
    [InlineData("/key/a+b", "a+b")]
    [InlineData("/key/a;b=c&d", "a;b=c&d")]
    [InlineData("/key/%C3%A9", "é")]
    [InlineData("/key/a%3Fb", "a?b")]
    [InlineData("http://host.internal/key/../x", "../x")]
    [InlineData("http://host.internal:99/key/abs", "abs")]
    public void Path_OfAKey_IsTakenAsItCame(string target, string key)
    {
        var headers = target.StartsWith('/') ? "" : $"Host: {new Uri(target).Authority}\r\n";
        using (var connection = RawHttp.Connect(host))
        {
            var hostLine = headers.Length > 0 ? headers : "Host: a\r\n";
            connection.SendText($"PUT {target} HTTP/1.1\r\n{hostLine}Content-Length: 1\r\n\r\nx");
            Assert.Equal(200, connection.ReadAnswer().Status);
        }

        var named = $"/key/?key64={Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key))}";
        Assert.Equal("x", RawHttp.Send(host, "GET", named).Text);
        Assert.Equal("1", RawHttp.Send(host, "DELETE", named).Header("X-Raftd-Deleted"));
    }

    [Fact]
    public void Query_PlusAndAnyByte_StayWhatTheyAre()
    {
        Assert.Equal("a+b c", RawHttp.Send(host, "GET", "/key/none?default=a+b%20c").Text);
        Assert.Equal([0, 255], RawHttp.Send(host, "GET", "/key/none?default=%00%ff").Body);
        Assert.Equal("a=b", RawHttp.Send(host, "GET", "/key/none?&default=a=b&").Text);
        Assert.Equal("?", RawHttp.Send(host, "GET", "/key/none?default=?").Text);
    }

    [Fact]
    public void RequestLine_Of32KiB_Passes()
    {
        // Method, blanks, version and line end take 16 bytes of the 32 KiB.
        const string Prefix = "/key/none?default=";
        var target = Prefix + new string('d', (32 * 1024) - 16 - Prefix.Length);
        Assert.Equal(200, RawHttp.Send(host, "GET", target).Status);
        Assert.Equal(414, RawHttp.Send(host, "GET", target + "dddd").Status);
    }

    [Theory]
    [InlineData("/key/a%00b")]
    [InlineData("/key/%")]
    [InlineData("/key/%2")]
    [InlineData("/key/%g0")]
    [InlineData("/key/a b")]
    [InlineData("/key/a\tb")]
    [InlineData("/key/a?default=\u007f")]
    [InlineData("http://127.0.0.1/key/%zz")]
    [InlineData("http://127.0.0.1/key/a%00b")]
    public void Path_ThatIsMalformed_Is400(string target)
    {
        using var connection = RawHttp.Connect(host);
        connection.SendText($"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        Assert.Equal(400, connection.ReadAnswer().Status);
    }

    private static RawAnswer Send(RawHttp connection, string method, string target, byte[]? body = null)
    {
        connection.SendRequest(method, target, body: body);
        return connection.ReadAnswer();
    }

    private static string Escape(byte[] key) => string.Concat(key.Select(b => $"%{b:X2}"));
}
