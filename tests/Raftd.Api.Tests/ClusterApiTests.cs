using System.Text;
using System.Text.Json;

namespace Raftd.Api.Tests;

/// <summary>/join, /members, /leader, /status and the probes.</summary>
public abstract class ClusterApiTests(InMemoryHost host)
{
    [Theory]
    [InlineData("""{"id":"go","httpAddr":"h:1","raftAddr":"r:1"}""", 200)]
    [InlineData("""{"id":"text","httpAddr":"h:1","raftAddr":"r:1","instance":"18446744073709551615"}""", 200)]
    [InlineData("""{"id":"number","httpAddr":"h:1","raftAddr":"r:1","instance":18446744073709551615,"generator":7}""", 200)]
    [InlineData("""{"id":"new","httpAddr":"h:1","raftAddr":"r:1","fromTheFuture":true}""", 200)]
    [InlineData("""{"id":"x","httpAddr":"h:1"}""", 400)]
    [InlineData("""{"id":"","httpAddr":"h:1","raftAddr":"r:1"}""", 400)]
    [InlineData("""{"id":"x","httpAddr":"h:1","raftAddr":"r:1","generator":1024}""", 400)]
    [InlineData("""{"id":"x","httpAddr":"h:1","raftAddr":"r:1","instance":-1}""", 400)]
    [InlineData("""{"id":"x",""", 400)]
    [InlineData("null", 400)]
    [InlineData("", 400)]
    public void Join_BodyOfTheGoRaftd_IsRead(string body, int status)
    {
        var answer = RawHttp.Send(host, "POST", "/join", "", Encoding.UTF8.GetBytes(body));
        Assert.True(answer.Status == status, answer.Text);
    }

    [Theory]
    [InlineData("httpAddr", "127.0.0.1:7200")]
    [InlineData("httpAddr", "db1.example.org:1")]
    [InlineData("raftAddr", "[2001:db8::1]:65535")]
    [InlineData("httpAddr", "db_1:8001")]
    public void Join_AddressThatOthersCanDial_IsTaken(string field, string address) =>
        Assert.Equal(200, JoinWith(field, address, "taken").Status);

    [Theory]
    [InlineData("httpAddr", "127.0.0.1")]
    [InlineData("httpAddr", ":7200")]
    [InlineData("httpAddr", "127.0.0.1:")]
    [InlineData("httpAddr", "127.0.0.1:0")]
    [InlineData("httpAddr", "127.0.0.1:65536")]
    [InlineData("httpAddr", "127.0.0.1:+80")]
    [InlineData("httpAddr", "0.0.0.0:7200")]
    [InlineData("raftAddr", "[::]:8200")]
    [InlineData("raftAddr", "[::ffff:0.0.0.0]:8200")]
    [InlineData("raftAddr", "0:8200")]
    [InlineData("raftAddr", "*:8200")]
    [InlineData("raftAddr", "http://127.0.0.1:8200")]
    [InlineData("raftAddr", "127.0.0.1:8200/x")]
    [InlineData("raftAddr", "user@127.0.0.1:8200")]
    [InlineData("raftAddr", "a b:8200")]
    [InlineData("raftAddr", "a..b:8200")]
    [InlineData("raftAddr", "::1:8200")]
    [InlineData("raftAddr", "[fe80::1%eth0]:8200")]
    [InlineData("raftAddr", "b\u00fccher:8200")]
    [InlineData("id", "a b")]
    [InlineData("id", "a\u0007")]
    public void Join_FieldThatOthersCannotUse_Is400AndNamesItAndAnExample(string field, string value)
    {
        var answer = JoinWith(field, value);
        Assert.True(answer.Status == 400, answer.Text);
        Assert.Contains($"`{field}`", answer.Text, StringComparison.Ordinal);
        Assert.Contains("such as ", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("refused", RawHttp.Send(host, "GET", "/members").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Join_LabelOf129Bytes_Is400() => Assert.Equal(400, JoinWith("id", new string('x', 129)).Status);

    [Fact]
    public void Join_SentAgain_IsNothingAndFromAnotherDirectory409()
    {
        const string Body = """{"id":"again","httpAddr":"h:2","raftAddr":"r:2","instance":5}""";
        var first = RawHttp.Send(host, "POST", "/join", "", Encoding.UTF8.GetBytes(Body));
        using var json = JsonDocument.Parse(first.Text);
        Assert.Equal("1", json.RootElement.GetProperty("cluster_id").GetString());
        Assert.Matches("^[0-9]+$", json.RootElement.GetProperty("member_id").GetString());
        Assert.Equal(first.Text, RawHttp.Send(host, "POST", "/join", "", Encoding.UTF8.GetBytes(Body)).Text);
        var wiped = Body.Replace("5}", "6}", StringComparison.Ordinal);
        Assert.Equal(409, RawHttp.Send(host, "POST", "/join", "", Encoding.UTF8.GetBytes(wiped)).Status);
    }

    /// <summary>A member that does not say which level it knows is one of level 1, which this cluster is at.</summary>
    [Fact]
    public void Join_OfALevelBelowTheClusters_Is409()
    {
        const string Body = """{"id":"leveled","httpAddr":"h:4","raftAddr":"r:4"}""";
        var older = Body.Replace("}", ",\"featureLevel\":0}", StringComparison.Ordinal);
        var refused = RawHttp.Send(host, "POST", "/join", "", Encoding.UTF8.GetBytes(older));
        Assert.Equal(409, refused.Status);
        Assert.Contains("level_too_low", refused.Text, StringComparison.Ordinal);
        Assert.Equal(200, RawHttp.Send(host, "POST", "/join", "", Encoding.UTF8.GetBytes(Body)).Status);
    }

    [Fact]
    public void Member_NamedByNumberOrLabel_IsFound()
    {
        const string Body = """{"id":"byname","httpAddr":"h:3","raftAddr":"r:3"}""";
        RawHttp.Send(host, "POST", "/join", "", Encoding.UTF8.GetBytes(Body));
        using var members = JsonDocument.Parse(RawHttp.Send(host, "GET", "/members").Text);
        var member = members.RootElement.GetProperty("members").EnumerateArray()
            .Single(item => item.GetProperty("label").GetString() == "byname");
        Assert.True(member.GetProperty("learner").GetBoolean());
        var id = member.GetProperty("id").GetString();

        Assert.Equal(200, RawHttp.Send(host, "POST", "/members/byname/promote").Status);
        Assert.Equal(409, RawHttp.Send(host, "POST", $"/members/{id}/promote").Status);
        Assert.Equal($$"""{"leader":"{{id}}"}""", RawHttp.Send(host, "POST", "/leader/transfer?to=byname").Text);
        Assert.Equal(200, RawHttp.Send(host, "POST", "/leader/transfer").Status);
        Assert.Equal(200, RawHttp.Send(host, "DELETE", "/members/byname").Status);
        Assert.Equal(404, RawHttp.Send(host, "DELETE", $"/members/{id}").Status);
        Assert.Equal(404, RawHttp.Send(host, "POST", "/leader/transfer?to=unknown").Status);
    }

    private RawAnswer JoinWith(string field, string value, string label = "refused")
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["id"] = label,
            ["httpAddr"] = "h:1",
            ["raftAddr"] = "r:1",
        };
        fields[field] = value;
        return RawHttp.Send(host, "POST", "/join", "", JsonSerializer.SerializeToUtf8Bytes(fields));
    }

    [Fact]
    public void Status_IdsAndRevisions_AreText()
    {
        using var status = JsonDocument.Parse(RawHttp.Send(host, "GET", "/status").Text);
        Assert.Equal("11111111111111111111", status.RootElement.GetProperty("member_id").GetString());
        Assert.Equal("leader", status.RootElement.GetProperty("role").GetString());
        Assert.Equal(JsonValueKind.String, status.RootElement.GetProperty("revision").ValueKind);
        Assert.Equal(3, status.RootElement.GetProperty("term").GetInt32());
        Assert.Equal("0000000000000abc", status.RootElement.GetProperty("applied_hash").GetString());
    }

    [Fact]
    public async Task Probes_HealthyAndNot_SpeakAsEtcdDoes()
    {
        await using var own = await InMemoryHost.StartAsync(new ApiOptions());
        Assert.Equal("""{"health":"true","reason":""}""", RawHttp.Send(own, "GET", "/health").Text);
        Assert.Equal("ok\n", RawHttp.Send(own, "GET", "/livez").Text);
        Assert.Equal("[+]serializable_read ok\nok\n", RawHttp.Send(own, "GET", "/livez?verbose").Text);
        Assert.Equal(
            "[+]data_corruption ok\n[+]linearizable_read ok\nok\n", RawHttp.Send(own, "GET", "/readyz?verbose=1").Text);

        own.Cluster.ReadinessFailure = "no leader";

        var health = RawHttp.Send(own, "GET", "/health");
        Assert.Equal((503, """{"health":"false","reason":"linearizable_read: no leader"}"""), (health.Status, health.Text));
        var ready = RawHttp.Send(own, "GET", "/readyz");
        Assert.Equal(503, ready.Status);
        Assert.Equal(
            "[+]data_corruption ok\n[-]linearizable_read failed: no leader\nreadyz check failed\n", ready.Text);
        Assert.Equal(200, RawHttp.Send(own, "GET", "/livez").Status);
    }

    [Fact]
    public void Version_AskedFor_HasEtcdsNamesAndOurs() => Assert.Equal(
        """{"etcdserver":"3.6.14","etcdcluster":"3.6.0","storage":"3.6.0","raftd":"0.1.0"}""",
        RawHttp.Send(host, "GET", "/version").Text);

    [Fact]
    public void Index_ByAccept_IsTextForCurlAndAPageForBrowsers()
    {
        var text = RawHttp.Send(host, "GET", "/");
        Assert.Equal("text/plain; charset=utf-8", text.Header("Content-Type"));
        Assert.Contains("/swagger", text.Text, StringComparison.Ordinal);
        var page = RawHttp.Send(host, "GET", "/", "Accept: text/html,*/*\r\n");
        Assert.Equal("text/html; charset=utf-8", page.Header("Content-Type"));
        Assert.Contains("<a href=\"/swagger\">", page.Text, StringComparison.Ordinal);
    }
}
