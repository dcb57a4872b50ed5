using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Raftd.Api.Tests;

/// <summary>/lease/… and /leases, as a client sees them.</summary>
public abstract class LeaseApiTests(InMemoryHost host)
{
    private const string FormType = "Content-Type: application/x-www-form-urlencoded\r\n";

    [Fact]
    public async Task ShellLoops_OfTheGoRaftd_RunAsTheyStand()
    {
        const string Register1 = """
            ID=$(curl -sL -XPOST 127.0.0.1:8001/lease/grant\?ttl=10\&name=/esq/node-1);curl -sL -XPOST 127.0.0.1:8001/lease/keepalive/$ID -d 'key=nodeinfo' -d 'data={"http_addr":"127.0.0.1:9001","tcp_addr":"127.0.0.1:9002","node_id":1,"weight":1}'
            """;
        const string Register2 = """
            ID=$(curl -sL -XPOST 127.0.0.1:8001/lease/grant\?ttl=10\&name=/esq/node-2);curl -sL -XPOST 127.0.0.1:8001/lease/keepalive/$ID -d 'key=nodeinfo1' -d 'data={"http_addr":"127.0.0.1:9003","tcp_addr":"127.0.0.1:9004","node_id":2,"weight":2}'
            """;
        await Curl.RunAsync(host, Register2);
        Assert.Matches("""^\{"id":"\d+","ttl":10\}$""", await Curl.RunAsync(host, Register1));

        var both = await Curl.RunAsync(host, "curl -sL -XPOST 127.0.0.1:8001/lease/kv/nodeinfo -d 'prefix=/esq/node'");

        Assert.Matches(
            """^\[\{"http_addr":"[^"]+","tcp_addr":"[^"]+","node_id":1,"weight":1\},\{.*"node_id":2,"weight":2\}\]$""", both);
        Assert.Equal(both, RawHttp.Send(host, "GET", "/lease/kv/*?prefix=/esq/node").Text);
        Assert.Equal(1, JsonLength(RawHttp.Send(host, "GET", "/lease/kv/nodeinfo?prefix=/esq/node&exact=1")));
    }

    [Theory]
    [InlineData("?ttl=10&name=a", 200)]
    [InlineData("?ttl=9000000000&name=a", 200)]
    [InlineData("?ttl=9000000001&name=a", 400)]
    [InlineData("?ttl=0&name=a", 400)]
    [InlineData("?ttl=-1&name=a", 400)]
    [InlineData("?ttl=ten&name=a", 400)]
    [InlineData("?name=a", 400)]
    [InlineData("?ttl=10", 400)]
    [InlineData("?ttl=10&name=", 400)]
    [InlineData("?ttl=10&name=%ff", 400)]
    [InlineData("?ttl=10&name=a&colour=red", 400)]
    public void Grant_ParametersAroundTheirBounds_PassOrAre400(string query, int status)
    {
        var answer = RawHttp.Send(host, "POST", "/lease/grant" + query);
        Assert.Equal(status, answer.Status);
        Assert.NotNull(answer.Header("X-Raftd-Revision"));
        if (status == 200)
        {
            Assert.Matches("^[0-9]+$", answer.Text);
        }
    }

    [Fact]
    public void Grant_NameOf1024Bytes_PassesAndOneMoreDoesNot()
    {
        var letters = string.Concat(Enumerable.Repeat("%C3%A9", 512));
        Assert.Equal(200, RawHttp.Send(host, "POST", $"/lease/grant?ttl=10&name={letters}").Status);
        Assert.Equal(400, RawHttp.Send(host, "POST", $"/lease/grant?ttl=10&name={letters}a").Status);
    }

    [Fact]
    public void Grant_UniqueNameTaken_Is409()
    {
        Assert.Equal(200, RawHttp.Send(host, "POST", "/lease/grant?ttl=10&name=only&unique=1").Status);
        Assert.Equal(409, RawHttp.Send(host, "POST", "/lease/grant?ttl=10&name=only&unique=1").Status);
    }

    [Fact]
    public void Grant_WithAnId_HasIt_AndTakenIs409()
    {
        Assert.Equal("7700", RawHttp.Send(host, "POST", "/lease/grant?ttl=10&name=numbered&id=7700").Text);
        Assert.Equal(409, RawHttp.Send(host, "POST", "/lease/grant?ttl=10&name=numbered&id=7700").Status);
        Assert.Equal(400, RawHttp.Send(host, "POST", "/lease/grant?ttl=10&name=numbered&id=0").Status);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("abc")]
    [InlineData("9223372036854775808")]
    [InlineData("1%2F2")]
    public void Id_ThatIsNone_Is400(string id)
    {
        foreach (var (method, path) in IdRoutes)
        {
            var answer = RawHttp.Send(host, method, path + id);
            Assert.Equal(400, answer.Status);
            Assert.Contains("is no lease id", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Id_ThatIsUnknown_Is404()
    {
        foreach (var (method, path) in IdRoutes)
        {
            var answer = RawHttp.Send(host, method, path + "42");
            Assert.Equal(404, answer.Status);
            Assert.NotNull(answer.Header("X-Raftd-Revision"));
        }
    }

    [Fact]
    public void KeepAlive_EveryFormVariant_StoresTheSameData()
    {
        const string Data = "a+b c%&=é";
        var escaped = Uri.EscapeDataString(Data);
        var id = Grant("/variants");
        var url = $"/lease/keepalive/{id}";
        var utf8 = Encoding.UTF8.GetBytes(Data);

        AssertStored(id, "form", Data, Post(url, FormType, $"key=form&data={escaped}"));
        AssertStored(id, "plus", "a b", Post(url, FormType, "key=plus&data=a+b"));
        AssertStored(id, "bare", Data, Post(url, "", $"data={escaped}&key=bare"));
        AssertStored(id, "multi", Data, Post(url, "Content-Type: multipart/form-data; boundary=xyz\r\n", Multipart("multi", Data)));
        AssertStored(id, "quoted", Data, Post(url, "Content-Type: multipart/form-data; boundary=\"xyz\"\r\n", Multipart("quoted", Data)));
        AssertStored(id, "query", Data, RawHttp.Send(host, "POST", url + "?key=query", "Content-Type: application/json\r\n", utf8));
        AssertStored(id, "urlbody", "key=x", Post(url + "?key=urlbody", FormType, "key=x"));
        AssertStored(id, "both", Data, Post(url + $"?key=both&data={escaped}", "", ""));
        AssertStored(id, "mixed", "", Post(url + "?key=mixed&data=", "", ""));
    }

    [Fact]
    public async Task KeepAlive_CurlsMultipart_IsRead()
    {
        var id = Grant("/curl");
        var answer = await Curl.RunAsync(host, $"curl -sf 127.0.0.1:8001/lease/keepalive/{id} -F key=k -F 'data=<-' <<< 'a;b'");
        Assert.Equal($$"""{"id":"{{id}}","ttl":600}""", answer);
        Assert.Equal("a;b\n", RawHttp.Send(host, "GET", $"/key//curl/{id}/k").Text);
    }

    [Theory]
    [InlineData("data=x", FormType, "`data` without `key`")]
    [InlineData("key=meta&data=x", FormType, "reserved")]
    [InlineData("key=&data=x", FormType, "`key` has 0 bytes")]
    [InlineData("key=a&key=b", FormType, "given twice")]
    [InlineData("key=a&data=%4", FormType, "malformed percent-encoding in the form")]
    [InlineData("key=a&%zz=1", FormType, "malformed percent-encoding in the form")]
    [InlineData("key=a&colour=red", FormType, "unknown form field `colour`")]
    [InlineData("{}", "Content-Type: application/json\r\n", "is no form")]
    [InlineData("--xyz", "Content-Type: multipart/form-data; boundary=xyz\r\n", "malformed")]
    [InlineData("--xyz\r\n\r\n", "Content-Type: multipart/form-data; boundary=xyz\r\n", "malformed")]
    [InlineData("--xyz\r\nA: b\r\n\r\nx\r\n--xyz--", "Content-Type: multipart/form-data; boundary=xyz\r\n", "malformed")]
    [InlineData("x", "Content-Type: multipart/form-data\r\n", "boundary")]
    public void KeepAlive_BadForm_Is400(string body, string headers, string expected)
    {
        var answer = Post($"/lease/keepalive/{Grant("/bad")}", headers, body);
        Assert.Equal(400, answer.Status);
        Assert.Contains(expected, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void KeepAlive_KeyAlone_RenewsItOrIs404()
    {
        var url = $"/lease/keepalive/{Grant("/alone")}";
        Assert.Equal(404, Post(url, FormType, "key=a").Status);
        Post(url, FormType, "key=a&data=1");
        Assert.Equal(200, Post(url, FormType, "key=a").Status);
        Assert.Equal(200, Post(url + "?key=a", "", "").Status);
        Assert.Equal(200, RawHttp.Send(host, "POST", url).Status);
    }

    [Fact]
    public async Task KeepAlive_DataAsLargeAsAValue_PassesAndOneMoreDoesNot()
    {
        await using var small = await InMemoryHost.StartAsync(new ApiOptions { MaxValueBytes = 1024 });
        var id = RawHttp.Send(small, "POST", "/lease/grant?ttl=10&name=n").Text;
        var url = $"/lease/keepalive/{id}";
        foreach (var (length, status) in new[] { (1024, 200), (1025, 413) })
        {
            var escaped = Encoding.ASCII.GetBytes("key=k&data=" + string.Concat(Enumerable.Repeat("%ff", length)));
            Assert.Equal(status, RawHttp.Send(small, "POST", url, FormType, escaped).Status);
            Assert.Equal(status, RawHttp.Send(small, "POST", url + "?key=k", "", new byte[length]).Status);
        }

        await small.AllBodiesAreReleasedAsync();
    }

    [Fact]
    public void TimeToLive_OfALease_AnswersItAndItsKeys()
    {
        var id = Grant("/ttl");
        Assert.Equal(
            $$"""{"id":"{{id}}","name":"/ttl","status":"CREATE","granted_ttl":600,"ttl":600,"alive_count":0,"keys":[]}""",
            RawHttp.Send(host, "GET", $"/lease/timetolive/{id}").Text);

        Post($"/lease/keepalive/{id}", FormType, "key=a&data=1");
        using var alive = JsonDocument.Parse(RawHttp.Send(host, "POST", $"/lease/timetolive/{id}").Text);
        Assert.Equal("ALIVE", alive.RootElement.GetProperty("status").GetString());
        Assert.Equal(1, alive.RootElement.GetProperty("alive_count").GetInt32());
        Assert.Equal($"/ttl/{id}/a", alive.RootElement.GetProperty("keys")[0].GetProperty("key").GetString());
        Assert.InRange(alive.RootElement.GetProperty("keys")[0].GetProperty("ttl").GetInt64(), 599, 600);
    }

    [Fact]
    public void Revoke_EitherWay_EndsTheLeaseAndItsKeys()
    {
        foreach (var (method, path) in new[] { ("POST", "/lease/revoke/"), ("DELETE", "/lease/") })
        {
            var id = Grant("/revoke");
            Post($"/lease/keepalive/{id}", FormType, "key=a&data=1");
            Assert.Equal(200, RawHttp.Send(host, method, path + id).Status);
            Assert.Equal(404, RawHttp.Send(host, method, path + id).Status);
            Assert.Equal(404, RawHttp.Send(host, "GET", $"/key//revoke/{id}/a").Status);
        }
    }

    [Fact]
    public async Task Lease_Expired_Is404AndItsDataIsGone()
    {
        var clock = new ManualClock();
        await using var timed = await InMemoryHost.StartAsync(new ApiOptions(), clock);
        var id = RawHttp.Send(timed, "POST", "/lease/grant?ttl=10&name=/timed").Text;
        var form = Encoding.UTF8.GetBytes("key=a&data=1");
        RawHttp.Send(timed, "POST", $"/lease/keepalive/{id}", FormType, form);
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal("[1]", RawHttp.Send(timed, "GET", "/lease/kv/*?prefix=/timed").Text);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("[]", RawHttp.Send(timed, "GET", "/lease/kv/*?prefix=/timed").Text);
        Assert.Equal(404, RawHttp.Send(timed, "POST", $"/lease/keepalive/{id}", FormType, form).Status);
    }

    [Fact]
    public void LeasedKeys_JsonTextAndBytes_ComeAsWhatTheyAre()
    {
        var url = $"/lease/keepalive/{Grant("/kinds")}?key=";
        var kinds = new (string Key, byte[] Data)[]
        {
            ("a", " {\"x\": [1, \"é<&>\"]}"u8.ToArray()),
            ("b", "plain \"text\" é\n"u8.ToArray()),
            ("c", [0xFF, 0x00]),
            ("d", "{\"x\":1}{\"y\":2}"u8.ToArray()),
            ("e", "007"u8.ToArray()),
            ("f", Encoding.ASCII.GetBytes(new string('[', 300) + new string(']', 300))),
        };
        foreach (var (key, data) in kinds)
        {
            Assert.Equal(200, RawHttp.Send(host, "POST", url + key, "", data).Status);
        }

        var answer = RawHttp.Send(host, "GET", "/lease/kv/*?prefix=/kinds");

        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.StartsWith(
            """[ {"x": [1, "é<&>"]},"plain \"text\" é\n",{"base64":"/wA="},"{\"x\":1}{\"y\":2}","007",""",
            answer.Text,
            StringComparison.Ordinal);
        Assert.Equal(kinds.Length, JsonLength(answer));
    }

    [Fact]
    public void LeasedKeys_Full_NamesLeaseAndKey()
    {
        var id = Grant("/full");
        Post($"/lease/keepalive/{id}?key=%2A", "", "1");
        Post($"/lease/keepalive/{id}?key=other", "", "2");
        Assert.Matches(
            $$"""^\[\{"lease":"{{id}}","name":"/full","key":"\*","value":1,"ttl":(600|599)\}\]$""",
            RawHttp.Send(host, "POST", "/lease/kv/*?prefix=/full&exact=1&full=1").Text);
    }

    [Fact]
    public void LeasedKeys_WithoutPrefix_Is400()
    {
        Assert.Equal(400, RawHttp.Send(host, "GET", "/lease/kv/a").Status);
        Assert.Equal(400, RawHttp.Send(host, "POST", "/lease/kv/a").Status);
        Assert.Equal(400, Post("/lease/kv/a", FormType, "prefix=").Status);
        Assert.Equal(400, RawHttp.Send(host, "GET", "/lease/kv/?prefix=a").Status);
    }

    [Fact]
    public void LeasedKeys_Large_AreStreamedWhole()
    {
        var url = $"/lease/keepalive/{Grant("/many")}?key=";
        var data = Encoding.ASCII.GetBytes(new string('x', 10_000));
        for (var i = 0; i < 40; i++)
        {
            RawHttp.Send(host, "POST", url + i.ToString(CultureInfo.InvariantCulture), "", data);
        }

        Assert.Equal(40, JsonLength(RawHttp.Send(host, "GET", "/lease/kv/*?prefix=/many")));
    }

    [Fact]
    public void Leases_Listed_AreInTheOrderOfTheirNames()
    {
        var second = Grant("/list/2");
        var first = Grant("/list/1");
        using var list = JsonDocument.Parse(RawHttp.Send(host, "GET", "/leases?prefix=/list").Text);
        Assert.Equal(2, list.RootElement.GetProperty("count").GetInt32());
        Assert.Equal(
            $"{first} {second}",
            string.Join(' ', list.RootElement.GetProperty("leases").EnumerateArray().Select(lease => lease.GetProperty("id").GetString())));
    }

    private static readonly (string Method, string Path)[] IdRoutes =
    [
        ("POST", "/lease/keepalive/"),
        ("POST", "/lease/revoke/"),
        ("DELETE", "/lease/"),
        ("GET", "/lease/timetolive/"),
        ("POST", "/lease/timetolive/"),
    ];

    private static int JsonLength(RawAnswer answer)
    {
        using var json = JsonDocument.Parse(answer.Body, new JsonDocumentOptions { MaxDepth = 1000 });
        return json.RootElement.GetArrayLength();
    }

    private static string Multipart(string key, string data) =>
        $"--xyz\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n{key}\r\n"
        + $"--xyz\r\nContent-Disposition: form-data; name=data\r\nContent-Type: text/plain\r\n\r\n{data}\r\n--xyz--\r\n";

    private void AssertStored(string id, string key, string data, RawAnswer answer)
    {
        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(data, RawHttp.Send(host, "GET", $"/key//variants/{id}/{key}").Text);
    }

    private string Grant(string name) => RawHttp.Send(host, "POST", $"/lease/grant?ttl=600&name={name}").Text;

    private RawAnswer Post(string target, string headers, string body) =>
        RawHttp.Send(host, "POST", target, headers, Encoding.UTF8.GetBytes(body));
}
