using Raftd.Api.Http;

namespace Raftd.Api.Tests;

/// <summary>Which Host is answered, and what a refusal looks like: requests of pages that lie about where they come from
/// (failure 78 of docs/failures.md).</summary>
public sealed class HostGuardTests
{
    private static readonly HostGuard Guard = new(
        Patterns("kv.example.org,*.lb.example.org"), ["db1", "db1.corp.example", "10.0.0.1"]);

    [Theory]
    [InlineData("127.0.0.1:8001")]
    [InlineData("192.0.2.7")]
    [InlineData("[::1]:8001")]
    [InlineData("[2001:db8::1]")]
    [InlineData("localhost:8001")]
    [InlineData("LOCALHOST")]
    [InlineData("localhost.")]
    [InlineData("raftd")]
    [InlineData("raftd_1:8001")]
    [InlineData("app.localhost")]
    [InlineData("db1.local:80")]
    [InlineData("db1.internal")]
    [InlineData("raftd.default.svc")]
    [InlineData("raftd.default.svc.cluster.local.:7200")]
    [InlineData("nas.home.arpa")]
    [InlineData("db1.corp.example:8001")]
    [InlineData("DB1.Corp.Example.")]
    [InlineData("kv.example.org")]
    [InlineData("a.b.lb.example.org:443")]
    [InlineData("xn--bcher-kva.internal")]
    public void Name_ThatNoStrangerCanOwn_IsAnswered(string host) => Assert.True(Guard.Admits(host), host);

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:8001")]
    [InlineData("evil.example.")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("evillocalhost.example")]
    [InlineData("my.notlocal")]
    [InlineData("home.arpa")]
    [InlineData(".local")]
    [InlineData("a..local")]
    [InlineData("localhost..")]
    [InlineData("")]
    [InlineData(":8001")]
    [InlineData(".")]
    [InlineData("db2.corp.example")]
    [InlineData("x.kv.example.org")]
    [InlineData("lb.example.org")]
    [InlineData("evillb.example.org")]
    [InlineData("localhost@evil.example")]
    [InlineData("user@localhost")]
    [InlineData("evil.example#.local")]
    [InlineData("evil.example/.local")]
    [InlineData("evil.example\\.local")]
    [InlineData("evil.example%2e.local")]
    [InlineData("bücher.local")]
    [InlineData("xn--bcher-kva.example")]
    [InlineData("[::1")]
    [InlineData("[127.0.0.1]")]
    [InlineData("[evil.example]")]
    [InlineData("[]:1")]
    [InlineData("::1")]
    [InlineData("1.2.3.4.5")]
    public void Name_OfAnyOtherKind_IsForeign(string host) => Assert.False(Guard.Admits(host), host);

    [Theory]
    [InlineData("", 0)]
    [InlineData("a.example, *.b.example ,", 2)]
    [InlineData("*", 1)]
    [InlineData("a.example.", 1)]
    [InlineData("a.example:80", -1)]
    [InlineData("http://a.example", -1)]
    [InlineData("*.", -1)]
    [InlineData("*a.example", -1)]
    [InlineData("a.*.example", -1)]
    [InlineData("10.0.0.1", -1)]
    [InlineData("bücher.example", -1)]
    [InlineData(".", -1)]
    public void AllowedHosts_Parsed_AreNamesAndSuffixes(string text, int count) =>
        Assert.Equal(count, HostPattern.TryParseList(text, out var patterns) ? patterns.Count : -1);

    [Theory]
    [InlineData("GET", "/status")]
    [InlineData("PUT", "/key/a")]
    [InlineData("GET", "/key/a?level=stale")]
    [InlineData("POST", "/join")]
    [InlineData("GET", "/livez")]
    [InlineData("GET", "/")]
    [InlineData("GET", "/swagger")]
    [InlineData("GET", "/swagger/index.js")]
    [InlineData("GET", "/openapi/v1.json")]
    [InlineData("GET", "/nowhere")]
    [InlineData("BREW", "/status")]
    public async Task ForeignHost_OnEveryPath_Is403(string method, string target)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        var answer = Send(host, $"{method} {target} HTTP/1.1\r\nHost: evil.example:8001\r\nContent-Length: 1\r\n\r\nx");
        Assert.Equal(403, answer.Status);
        Assert.Contains("\"code\":\"forbidden\"", answer.Text, StringComparison.Ordinal);
        Assert.Contains("`evil.example:8001`", answer.Text, StringComparison.Ordinal);
        Assert.Contains("-allowed-hosts", answer.Text, StringComparison.Ordinal);
        Assert.Null(answer.Header("X-Raftd-Revision"));
        Assert.Equal(404, RawHttp.Send(host, "GET", "/key/a").Status);
    }

    [Theory]
    [InlineData("GET http://127.0.0.1/livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200)]
    [InlineData("GET http://evil.example/livez HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403)]
    [InlineData("GET https://evil.example/livez HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403)]
    [InlineData("GET http://evil.example/livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400)]
    [InlineData("GET http://127.0.0.1/livez HTTP/1.1\r\nHost: evil.example\r\n\r\n", 400)]
    [InlineData("GET http://evil.example/livez HTTP/1.0\r\n\r\n", 403)]
    [InlineData("GET http://evil.example?/livez HTTP/1.0\r\n\r\n", 403)]
    [InlineData("GET /livez HTTP/1.0\r\nHost: evil.example\r\n\r\n", 403)]
    [InlineData("GET /livez HTTP/1.0\r\n\r\n", 200)]
    [InlineData("GET /livez HTTP/1.1\r\nHost: \r\n\r\n", 403)]
    [InlineData("GET /livez HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", 400)]
    [InlineData("GET /livez HTTP/1.1\r\nHost: user@127.0.0.1\r\n\r\n", 400)]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403)]
    public async Task Host_InEveryFormOfTarget_IsLookedAt(string request, int status)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        var answer = Send(host, request);
        Assert.True(answer.Status == status, answer.Head + answer.Text);
    }

    [Fact]
    public async Task Host_OfManyCharacters_IsNotSentBackWhole()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        var answer = Send(host, $"GET /livez HTTP/1.1\r\nHost: {new string('a', 20_000)}\r\n\r\n");
        Assert.Equal(403, answer.Status);
        Assert.True(answer.Body.Length < 1000);
    }

    [Theory]
    [InlineData("kv.example.org", "kv.example.org:8001", 200)]
    [InlineData("kv.example.org", "evil.example", 403)]
    [InlineData("*.example.org", "kv.example.org", 200)]
    [InlineData("*", "evil.example", 200)]
    [InlineData("*", "", 200)]
    public async Task AllowedHosts_NamesOrAStar_AreAnswered(string allowed, string hostHeader, int status)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions { AllowedHosts = Patterns(allowed) });
        Assert.Equal(status, Send(host, $"GET /livez HTTP/1.1\r\nHost: {hostHeader}\r\n\r\n").Status);
    }

    [Fact]
    public async Task Name_OfTheMemberItself_IsAnswered()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions { OwnHosts = ["db1.example.org"] });
        Assert.Equal(200, Send(host, "GET /livez HTTP/1.1\r\nHost: db1.example.org:8001\r\n\r\n").Status);
    }

    [Theory]
    [InlineData("GET", "/status")]
    [InlineData("HEAD", "/key/a")]
    [InlineData("PUT", "/key/a")]
    [InlineData("DELETE", "/key/a")]
    [InlineData("POST", "/lease/grant?ttl=10&name=a")]
    [InlineData("OPTIONS", "/key/a")]
    [InlineData("GET", "/swagger")]
    [InlineData("GET", "/openapi/v1.json")]
    public async Task ForeignOrigin_OnEveryMethod_Is403(string method, string target)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        var own = host.BaseUrl.Authority;
        string[] foreign = ["http://evil.example", "null", "", $"ftp://{own}", $"http://{own}.evil.example", $"http://{own}/", own];
        foreach (var origin in foreign)
        {
            var answer = RawHttp.Send(host, method, target, $"Origin: {origin}\r\n");
            Assert.True(answer.Status == 403, $"{origin}: {answer.Head}");
        }

        foreach (var origin in new[] { $"http://{own}", $"https://{own}", $"HTTP://{own}" })
        {
            Assert.NotEqual(403, RawHttp.Send(host, method, target, $"Origin: {origin}\r\n").Status);
        }
    }

    private static RawAnswer Send(InMemoryHost host, string request)
    {
        using var connection = RawHttp.Connect(host);
        connection.SendText(request);
        return connection.ReadAnswer();
    }

    private static IReadOnlyList<HostPattern> Patterns(string text)
    {
        Assert.True(HostPattern.TryParseList(text, out var patterns));
        return patterns;
    }
}
