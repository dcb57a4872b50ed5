using Raftd.Contract;

namespace Raftd.Api.Tests.Etcd;

/// <summary>JSON under /v3/: what it takes, what it answers, and its errors.</summary>
public sealed class JsonTests(InMemoryHost host) : IClassFixture<InMemoryHost>
{
    [Fact]
    public async Task Put_ThenRange_LooksLikeEtcds()
    {
        await using var fresh = await InMemoryHost.StartAsync(new ApiOptions());
        const string Header = "\"header\":{\"cluster_id\":\"1\",\"member_id\":\"11111111111111111111\",\"revision\":\"2\",\"raft_term\":\"3\"}";
        var put = Send(fresh, "/v3/kv/put", """{"key":"Zm9v","value":"YmFy"}""");
        Assert.Equal((200, "application/json", $"{{{Header}}}"), (put.Status, put.Header("Content-Type"), put.Text));
        var range = Send(fresh, "/v3/kv/range", """{"key":"Zm9v"}""");
        Assert.Equal(
            $"{{{Header},\"kvs\":[{{\"key\":\"Zm9v\",\"create_revision\":\"2\",\"mod_revision\":\"2\",\"version\":\"1\",\"value\":\"YmFy\"}}],"
            + "\"count\":\"1\"}",
            range.Text);
        Assert.Equal("bar", RawHttp.Send(fresh, "GET", "/key/foo").Text);
    }

    [Theory]
    [InlineData("/v3/kv/range", """{"key":"YQ=="}""")]
    [InlineData("/v3beta/kv/range", """{"key":"YQ=="}""")]
    [InlineData("/v3/kv/range?a=b", """{"key":"YQ=="}""")]
    [InlineData("/v3/kv/range", """{"key":"YQ"}""")]
    [InlineData("/v3/kv/range", """{"key":"_-8="}""")]
    [InlineData("/v3/kv/range", """{"key":"_-8"}""")]
    [InlineData("/v3/kv/range", """{"key":"YQ==","range_end":"Yg==","countOnly":true,"keys_only":false}""")]
    [InlineData("/v3/kv/range", """{"key":"YQ==","limit":"5","revision":0,"maxModRevision":"3"}""")]
    [InlineData("/v3/kv/range", """{"key":"YQ==","limit":1.0,"min_mod_revision":"1.0"}""")]
    [InlineData("/v3/kv/range", """{"key":"YQ==","sort_order":"DESCEND","sort_target":3}""")]
    [InlineData("/v3/kv/range", """{"key":"YQ==","sort_order":"UPWARDS"}""")]
    [InlineData("/v3/kv/range", """{"key":"YQ==","nothing":{"a":[1]},"limit":null}""")]
    [InlineData("/v3/kv/range", "  {\"key\":\"YQ==\"} and more")]
    [InlineData("/v3/lease/grant", """{"TTL":"10"}""")]
    [InlineData("/v3/maintenance/status", "")]
    [InlineData("/v3/maintenance/status", "{}")]
    [InlineData("/v3/cluster/member/list", "")]
    public void Request_InEachForm_IsTaken(string path, string body)
    {
        var answer = Send(host, path, body);
        Assert.True(answer.Status == 200, answer.Text);
    }

    [Theory]
    [InlineData("/v3/kv/range", "{", 400, 3)]
    [InlineData("/v3/kv/range", "[]", 400, 3)]
    [InlineData("/v3/kv/range", "\"a\"", 400, 3)]
    [InlineData("/v3/kv/range", """{"key":"*"}""", 400, 3)]
    [InlineData("/v3/kv/range", """{"key":1}""", 400, 3)]
    [InlineData("/v3/kv/range", """{"key":"YQ==","limit":1.5}""", 400, 3)]
    [InlineData("/v3/kv/range", """{"key":"YQ==","limit":"9223372036854775808"}""", 400, 3)]
    [InlineData("/v3/kv/range", """{"key":"YQ==","limit":"x"}""", 400, 3)]
    [InlineData("/v3/kv/range", """{"key":"YQ==","serializable":"true"}""", 400, 3)]
    [InlineData("/v3/kv/txn", """{"compare":{}}""", 400, 3)]
    [InlineData("/v3/kv/range", """{"key":"YQ==","revision":"1000000"}""", 400, 11)]
    [InlineData("/v3/lease/revoke", """{"ID":1}""", 404, 5)]
    [InlineData("/v3/auth/enable", "{}", 400, 9)]
    [InlineData("/v3/cluster/member/add", "{}", 400, 3)]
    [InlineData("/v3/kv/nothing", "{}", 404, 5)]
    [InlineData("/v3/kv/range/", "{}", 404, 5)]
    [InlineData("/v3/", "{}", 404, 5)]
    public void Request_ThatFails_HasStatusAndCode(string path, string body, int status, int code)
    {
        var answer = Send(host, path, body);
        Assert.Equal((status, "application/json"), (answer.Status, answer.Header("Content-Type")));
        Assert.StartsWith($"{{\"code\":{code},\"message\":\"", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Error_OfACall_SaysItsTextTwice() => Assert.Equal(
        "{\"code\":3,\"message\":\"etcdserver: key is not provided\",\"error\":\"etcdserver: key is not provided\"}\n",
        Send(host, "/v3/kv/range", "{}").Text);

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("OPTIONS")]
    public void Method_OtherThanPost_Is501(string method)
    {
        var answer = RawHttp.Send(host, method, "/v3/kv/range");
        Assert.Equal(501, answer.Status);
        Assert.Equal("{\"code\":12,\"message\":\"Method Not Allowed\",\"error\":\"Method Not Allowed\"}\n", answer.Text);
    }

    [Fact]
    public void Number_OfAllItsDigits_IsReadExactly()
    {
        const long Id = 7_587_848_943_239_472_611;
        Assert.Contains($"\"ID\":\"{Id}\"", Send(host, "/v3/lease/grant", $$"""{"ID":{{Id}},"TTL":60}""").Text, StringComparison.Ordinal);
        Assert.Contains("\"TTL\":\"60\"", Send(host, "/v3/lease/keepalive", $$"""{"ID":{{Id}}}""").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void KeepAlive_OfSeveralMessages_AnswersEachOnALine()
    {
        var lines = Send(host, "/v3/lease/keepalive", """{"ID":"1"} {"ID":2}{}""").Text.Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.All(lines[..3], line => Assert.StartsWith("{\"result\":{\"header\":", line, StringComparison.Ordinal));
        Assert.EndsWith("\"ID\":\"1\"}}", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("\"ID\":\"2\"}}", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Stream_ThatIsMalformedFromTheFirst_IsAnErrorWithAStatus()
    {
        var answer = Send(host, "/v3/lease/keepalive", "[]");
        Assert.Equal(400, answer.Status);
        Assert.StartsWith("{\"error\":{\"code\":3,", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_BeyondTheLimit_Is429()
    {
        var key = Convert.ToBase64String(new byte[(2 * 1024 * 1024) + 1]);
        var answer = Send(host, "/v3/kv/range", $$"""{"key":"{{key}}"}""");
        Assert.Equal(429, answer.Status);
        Assert.Contains("grpc: received message larger than max", answer.Text, StringComparison.Ordinal);
        Assert.Equal(429, Send(host, "/v3/kv/range", new string(' ', 5 * 1024 * 1024)).Status);
        await host.AllBodiesAreReleasedAsync();
    }

    [Fact]
    public async Task Stream_OfATooLongMessage_Is429()
    {
        Assert.Equal(429, Send(host, "/v3/lease/keepalive", "{\"ID\":\"" + new string('1', 5 * 1024 * 1024)).Status);
        await host.AllBodiesAreReleasedAsync();
    }

    [Theory]
    [InlineData("Origin: http://evil.example\r\n")]
    [InlineData("Origin: null\r\n")]
    public void ForeignOrigin_UnderV3_Is403(string header)
    {
        var answer = RawHttp.Send(host, "POST", "/v3/kv/put", header, """{"key":"Zm9yZ2Vk"}"""u8.ToArray());
        Assert.Equal(403, answer.Status);
        Assert.StartsWith("{\"code\":7,", answer.Text, StringComparison.Ordinal);
        Assert.Equal(404, RawHttp.Send(host, "GET", "/key/forged").Status);
    }

    [Fact]
    public void ForeignHost_UnderV3_Is403()
    {
        using var connection = RawHttp.Connect(host);
        connection.SendText("POST /v3/kv/range HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\n\r\n{}");
        Assert.Equal(403, connection.ReadAnswer().Status);
    }

    [Fact]
    public void Timeout_ThatIsMalformed_Is400()
    {
        var answer = RawHttp.Send(host, "POST", "/v3/kv/range", "Grpc-Timeout: soon\r\n", "{}"u8.ToArray());
        Assert.Equal(400, answer.Status);
        Assert.Contains("invalid grpc-timeout: soon", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leader_WantedAndMissing_Is503()
    {
        await using var leaderless = await InMemoryHost.StartAsync(new ApiOptions());
        leaderless.Cluster.LeaderUrl = null;
        var answer = RawHttp.Send(
            leaderless, "POST", "/v3/kv/range", "Grpc-Metadata-hasleader: true\r\n", """{"key":"YQ=="}"""u8.ToArray());
        Assert.Equal(503, answer.Status);
        Assert.Contains("etcdserver: no leader", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v3")]
    [InlineData("/v3alpha/kv/range")]
    [InlineData("/v30/kv/range")]
    public void Path_BesideV3_IsRests(string path) =>
        Assert.Contains("\"not_found\"", RawHttp.Send(host, "POST", path).Text, StringComparison.Ordinal);

    [Fact]
    public async Task Enum_InAnAnswer_IsItsName()
    {
        await using var alarmed = await InMemoryHost.StartAsync(new ApiOptions());
        await alarmed.Cluster.RaiseAlarmAsync(Caller.Nobody, AlarmKind.NoSpace, TestContext.Current.CancellationToken);
        Assert.EndsWith("\"alarms\":[{\"alarm\":\"NOSPACE\"}]}", Send(alarmed, "/v3/maintenance/alarm", "{}").Text, StringComparison.Ordinal);
    }

    private static RawAnswer Send(InMemoryHost host, string path, string body) =>
        RawHttp.Send(host, "POST", path, body: System.Text.Encoding.UTF8.GetBytes(body));
}
