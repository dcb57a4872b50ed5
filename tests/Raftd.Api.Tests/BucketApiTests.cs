using System.Text.Json;
using Google.Protobuf;
using Raftd.Api.Etcd;
using Raftd.Api.Tests.Etcd;

namespace Raftd.Api.Tests;

/// <summary>Buckets through every way in: paths of REST and of /v3, and metadata of gRPC.</summary>
public sealed class BucketApiTests(InMemoryHost host) : IClassFixture<InMemoryHost>
{
    private const string RangeOfA = """{"key":"YQ=="}""";
    private const string PutOfA = """{"key":"YQ==","value":"dg=="}""";

    [Fact]
    public void Keys_OfTwoBuckets_AreTwo_WithRevisionsOfTheirOwn()
    {
        Make("keys-1", "keys-2");
        Assert.Equal("2", Send("PUT", "/b/keys-1/key/a", "one").Header("X-Raftd-Revision"));
        Assert.Equal("2", Send("PUT", "/b/keys-2/key/a", "two").Header("X-Raftd-Revision"));
        Assert.Equal("3", Send("PUT", "/b/keys-1/key/b", "more").Header("X-Raftd-Revision"));
        Assert.Equal("one", Send("GET", "/b/keys-1/key/a").Text);
        Assert.Equal("two", Send("GET", "/b/keys-2/key/a").Text);
        Assert.Equal("not_found", CodeOf(Send("GET", "/b/keys-2/key/b"), 404));
        Assert.Equal(404, Send("GET", "/key/b").Status);
    }

    /// <summary>Values above 4 KiB are shared by those who read them at the time: by bucket, key and revision.</summary>
    [Fact]
    public void LargeValues_OfTheSameKeyAndRevision_AreNotMixedUp()
    {
        Make("large-1", "large-2");
        var (one, two) = (new string('1', 100_000), new string('2', 100_000));
        Send("PUT", "/b/large-1/key/a", one);
        Send("PUT", "/b/large-2/key/a", two);
        Parallel.For(0, 40, number => Assert.Equal(
            number % 2 == 0 ? one : two, Send("GET", $"/b/large-{(number % 2) + 1}/key/a").Text));
    }

    [Theory]
    [InlineData("PUT /key/k < v")]
    [InlineData("POST /key/n?op=incr")]
    [InlineData("GET /keys")]
    [InlineData("GET /history/k")]
    [InlineData("POST /txn < {\"then\":[{\"put\":\"t\",\"value\":\"v\"}]}")]
    [InlineData("POST /lease/grant?ttl=60&name=n")]
    [InlineData("GET /leases")]
    [InlineData("GET /lease/kv/*?prefix=n")]
    [InlineData("GET /watch/k?once=1&wait=1ms")]
    [InlineData("GET /status")]
    [InlineData("GET /alarms")]
    [InlineData("POST /compact?rev=1")]
    public void Route_OfABucket_AsksThatBucketAlone(string request)
    {
        Make("routes");
        Send("PUT", "/b/routes/key/k", "v");
        var before = host.Store.Revision;
        var (head, body) = request.Split(" < ", 2) is [var first, var second] ? (first, second) : (request, null);
        var verb = head.Split(' ', 2);
        Assert.True(Send(verb[0], "/b/routes" + verb[1], body) is { Status: < 400 } answer, $"{request}");
        Assert.Equal(before, host.Store.Revision);
        Assert.Equal("bucket_not_found", CodeOf(Send(verb[0], "/b/nowhere" + verb[1], body), 404));
        Assert.Equal(before, host.Store.Revision);
    }

    [Theory]
    [InlineData("/b/routes/livez")]
    [InlineData("/b/routes/buckets")]
    [InlineData("/b/routes/join")]
    [InlineData("/b/routes/b/routes/key/a")]
    [InlineData("/b/routes/swagger")]
    [InlineData("/b/routes/openapi/v1.json")]
    [InlineData("/b/routes")]
    [InlineData("/b/")]
    public void Path_ThatIsOfNoBucket_IsNotFound(string path)
    {
        Make("routes");
        Assert.Equal("not_found", CodeOf(Send("GET", path), 404));
    }

    [Theory]
    [InlineData("Upper")]
    [InlineData("under_score")]
    [InlineData("")]
    [InlineData("a%2Db")]
    [InlineData("..")]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234")]
    public void Name_ThatIsNone_IsRefusedWithWhatIsWanted(string name)
    {
        var looks = host.Buckets.Looks;
        var answer = Send("GET", $"/b/{name}/key/a");
        Assert.Equal("bad_request", CodeOf(answer, 400));
        Assert.Contains("1 to 63 of the characters a-z, 0-9 and -", answer.Text, StringComparison.Ordinal);
        Assert.Null(answer.Header("X-Raftd-Revision"));
        answer = Send("POST", $"/b/{name}/v3/kv/range", RangeOfA);
        Assert.Equal((400, 3), (answer.Status, Json(answer).GetProperty("code").GetInt32()));
        Assert.Contains("1 to 63 of the characters a-z, 0-9 and -", answer.Text, StringComparison.Ordinal);
        Assert.Equal(looks, host.Buckets.Looks);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("-")]
    [InlineData("123456789012345678901234567890123456789012345678901234567890123")]
    public void Name_AtItsBounds_IsTaken(string name)
    {
        Assert.Equal(201, Send("PUT", $"/buckets/{name}").Status);
        Assert.Equal(200, Send("PUT", $"/b/{name}/key/a", "v").Status);
    }

    [Fact]
    public void Bucket_ThatIsNotThere_IsNotFound_InTheWordsOfEachFace()
    {
        var rest = Send("GET", "/b/nowhere/key/a");
        Assert.Equal("bucket_not_found", CodeOf(rest, 404));
        Assert.Contains("PUT /buckets/nowhere", rest.Text, StringComparison.Ordinal);
        Assert.Null(rest.Header("X-Raftd-Revision"));
        var json = Send("POST", "/b/nowhere/v3/kv/range", RangeOfA);
        Assert.Equal((404, 5), (json.Status, Json(json).GetProperty("code").GetInt32()));
        Assert.Contains("there is no bucket `nowhere`", json.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Default_ByItsName_IsTheSameKeyspace()
    {
        Send("PUT", "/b/default/key/by-name", "v");
        Assert.Equal("v", Send("GET", "/key/by-name").Text);
        Assert.Equal("v", Send("GET", "/b/default/key/by-name").Text);
    }

    [Theory]
    [InlineData("/b/raw/key/../status", "../status")]
    [InlineData("/b/raw/key//b/other/key/a", "/b/other/key/a")]
    [InlineData("/b/raw/key/a%2Fb?default=/b/x/", "a/b")]
    [InlineData("http://host.internal/b/raw/key/x", "x")]
    public void Path_OfAKey_IsTakenAsItCame(string target, string key)
    {
        Make("raw");
        using (var connection = RawHttp.Connect(host))
        {
            var hostName = target.StartsWith('/') ? "a" : new Uri(target).Authority;
            connection.SendText($"PUT {target} HTTP/1.1\r\nHost: {hostName}\r\nContent-Length: 1\r\n\r\nx".Replace("?default=/b/x/", "", StringComparison.Ordinal));
            Assert.Equal(200, connection.ReadAnswer().Status);
        }

        var named = System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(key));
        Assert.Equal("x", Send("GET", $"/b/raw/key/?key64={named}").Text);
    }

    [Fact]
    public void Location_AndRedirect_StayInTheBucket()
    {
        Make("places");
        var added = Send("POST", "/b/places/keys/queue/", "job");
        Assert.StartsWith("/b/places/key/queue/", added.Header("Location"), StringComparison.Ordinal);
        Assert.Equal("job", Send("GET", added.Header("Location")!).Text);
    }

    [Fact]
    public async Task Redirect_GoesToTheLeaderOfTheBucket_AndKeepsItsPath()
    {
        Make("led");
        var services = await host.Buckets.FindAsync("led", TestContext.Current.CancellationToken);
        var cluster = (InMemoryCluster)services!.Cluster;
        (cluster.IsLeader, cluster.LeaderUrl) = (false, "http://127.0.0.1:8009");
        var answer = Send("GET", "/b/led/key/a?redirect=1");
        Assert.Equal((307, "http://127.0.0.1:8009/b/led/key/a?redirect=1"), (answer.Status, answer.Header("Location")));
        Assert.Equal(404, Send("GET", "/key/none-here?redirect=1").Status);
    }

    [Fact]
    public async Task Grpc_NamesTheBucketInItsMetadata()
    {
        Make("grpc");
        using var client = GrpcClient.Of(host);
        var key = ByteString.CopyFromUtf8("g");
        var put = await client.CallAsync<Wire.PutResponse>(
            GrpcClient.Put, new Wire.PutRequest { Key = key, Value = key }, ("raftd-bucket", "grpc"));
        Assert.Equal(GrpcCode.Ok, put.Code);
        var status = (await host.Buckets.FindAsync("grpc", TestContext.Current.CancellationToken))!.Cluster.Status();
        Assert.Equal((status.ClusterId, 2L), (put.Messages[0].Header.ClusterId, put.Messages[0].Header.Revision));
        Assert.Equal("g", Send("GET", "/b/grpc/key/g").Text);
        Assert.Empty((await client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, new Wire.RangeRequest { Key = key })).Messages[0].Kvs);
    }

    [Theory]
    [InlineData("nowhere", GrpcCode.NotFound, "raftd: there is no bucket `nowhere`")]
    [InlineData("No", GrpcCode.InvalidArgument, "raftd: `No` is no name of a bucket")]
    internal async Task Grpc_OfABucketThatIsNotThere_SaysSo(string name, GrpcCode code, string text)
    {
        using var client = GrpcClient.Of(host);
        foreach (var path in new[] { GrpcClient.Range, GrpcClient.Watch, GrpcClient.KeepAlive, "v3lockpb.Lock/Lock" })
        {
            var answer = await client.CallAsync<Wire.RangeResponse>(
                path, new Wire.RangeRequest { Key = ByteString.CopyFromUtf8("a") }, ("raftd-bucket", name));
            Assert.Equal(code, answer.Code);
            Assert.StartsWith(text, answer.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Json_TakesTheBucketFromThePath_OrFromItsMetadata_ButNotTwo()
    {
        Make("json");
        Assert.Equal(200, Send("POST", "/b/json/v3/kv/put", PutOfA).Status);
        Assert.Contains("\"count\":\"1\"", Send("POST", "/b/json/v3beta/kv/range", RangeOfA).Text, StringComparison.Ordinal);
        var named = RawHttp.Send(host, "POST", "/v3/kv/range", "Grpc-Metadata-raftd-bucket: json\r\n", Bytes(RangeOfA));
        Assert.Contains("\"count\":\"1\"", named.Text, StringComparison.Ordinal);
        var both = RawHttp.Send(host, "POST", "/b/json/v3/kv/range", "Grpc-Metadata-raftd-bucket: other\r\n", Bytes(RangeOfA));
        Assert.Equal(400, both.Status);
        Assert.Contains("the path names the bucket json, and raftd-bucket another one", both.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Buckets_AreMade_Listed_AndRemoved()
    {
        var made = Send("PUT", "/buckets/listed");
        Assert.Equal((201, "/b/listed/"), (made.Status, made.Header("Location")));
        Assert.Equal(Json(made).GetProperty("id").GetString(), Json(Send("PUT", "/buckets/listed")).GetProperty("id").GetString());
        Assert.Equal(200, Send("PUT", "/buckets/listed").Status);
        Send("PUT", "/b/listed/key/a", "v");
        var listed = Json(Send("GET", "/buckets")).GetProperty("buckets").EnumerateArray().Single(
            static bucket => bucket.GetProperty("name").GetString() == "listed");
        Assert.Equal(("2", 1), (listed.GetProperty("revision").GetString(), listed.GetProperty("keys").GetInt32()));
        Assert.Equal("conflict", CodeOf(Send("DELETE", "/buckets/listed"), 409));
        Assert.Equal(200, Send("DELETE", "/buckets/listed?force=1").Status);
        Assert.Equal("bucket_not_found", CodeOf(Send("GET", "/b/listed/key/a"), 404));
        Assert.Equal("bucket_not_found", CodeOf(Send("DELETE", "/buckets/listed"), 404));
        Assert.Equal("bad_request", CodeOf(Send("PUT", "/buckets/Wrong"), 400));
        Assert.Equal("conflict", CodeOf(Send("DELETE", "/buckets/default?force=1"), 409));
    }

    /// <summary>A watch on a bucket's REST route brings the changes of that bucket.</summary>
    [Fact]
    public void Watch_OfABucket_BringsItsChangesAlone()
    {
        Make("watched");
        Send("PUT", "/key/w", "elsewhere");
        Send("PUT", "/b/watched/key/w", "here");
        var batch = Send("GET", "/b/watched/watch/w?initial=1&once=1").Text;
        Assert.Contains("\"here\"", batch, StringComparison.Ordinal);
        Assert.DoesNotContain("elsewhere", batch, StringComparison.Ordinal);
    }

    private void Make(params string[] names)
    {
        foreach (var name in names)
        {
            Assert.InRange(Send("PUT", $"/buckets/{name}").Status, 200, 201);
        }
    }

    private RawAnswer Send(string method, string target, string? body = null) =>
        RawHttp.Send(host, method, target, body: body is null && method != "PUT" && method != "POST" ? null : Bytes(body ?? ""));

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static JsonElement Json(RawAnswer answer) => JsonElement.Parse(answer.Text);

    private static string? CodeOf(RawAnswer answer, int status)
    {
        Assert.True(status == answer.Status, $"{answer.Status} {answer.Text}");
        return Json(answer).GetProperty("code").GetString();
    }
}
