using System.Text;
using Google.Protobuf;
using Raftd.Api.Etcd;
using Raftd.Api.Tests.Etcd;
using Raftd.Contract;

namespace Raftd.Api.Tests;

/// <summary>What the engine announces is what clients are refused by, on every way in, and in words that name it. The engine here has no
/// limit of its own, so whatever is refused was refused before it.</summary>
public sealed class EngineLimitsTests : IAsyncLifetime
{
    private const int Most = 2048;
    private const string Refusal = "the key has 2049 bytes, and this engine takes keys of 2048 at most";

    private readonly InMemoryHost _host = new();

    public EngineLimitsTests() =>
        _host.Cluster.Limits = new EngineLimits { MaxKeyBytes = Most, MaxValueBytes = 4096, MaxChangedKeys = 7 };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public void Rest_PutsAKeyAtTheLimit_AndRefusesALongerOne()
    {
        Assert.Equal(200, Send("PUT", $"/key/{Key(Most)}", "1").Status);
        Refused(Send("PUT", $"/key/{Key(Most + 1)}", "1"));
        Refused(Send("POST", $"/key/{Key(Most + 1)}?op=incr", ""));
        Refused(Send("POST", "/txn", $$"""{"then":[{"put":"{{Key(Most + 1)}}","value":"x"}]}"""));
        Assert.Equal(200, Send("POST", "/txn", $$"""{"then":[{"put":"{{Key(Most)}}","value":"x"}]}""").Status);
    }

    [Fact]
    public void Rest_NumberedKey_IsMeasuredWithItsNumber()
    {
        Refused(Send("POST", $"/keys/{Key(Most - 19)}", "x"));
        Assert.Equal(201, Send("POST", $"/keys/{Key(Most - 20)}", "x").Status);
    }

    [Fact]
    public void Rest_QuestionsOfAnyLength_AreAnswered()
    {
        Assert.Equal(404, Send("GET", $"/key/{Key(Most + 1)}", "").Status);
        Assert.Equal("0", Send("DELETE", $"/key/{Key(Most + 1)}", "").Header("X-Raftd-Deleted"));
        Assert.Equal("0", Send("DELETE", $"/key/{Key(Most + 1)}?prefix=1", "").Header("X-Raftd-Deleted"));
        Assert.Equal(200, Send("GET", $"/keys?prefix={Key(Most + 1)}", "").Status);
        Assert.Equal(200, Send("POST", "/txn", $$"""{"then":[{"get":"{{Key(Most + 1)}}"},{"delete":"{{Key(Most + 1)}}"}]}""").Status);
    }

    [Fact]
    public void Rest_Value_IsBoundedByTheEngine()
    {
        Assert.Equal(200, Send("PUT", "/key/value", new string('v', 4096)).Status);
        var refused = Send("PUT", "/key/value", new string('v', 4097));
        Assert.Equal(413, refused.Status);
        Assert.Contains("-max-value-bytes", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_ShowsTheLimits() => Assert.Contains(
        "\"limits\":{\"max_key_bytes\":2048,\"max_value_bytes\":4096,\"max_changed_keys\":7}", Send("GET", "/status", "").Text, StringComparison.Ordinal);

    [Fact]
    public void Status_LeavesOutWhatIsNotBounded()
    {
        _host.Cluster.Limits = new EngineLimits { MaxValueBytes = 4096 };
        Assert.Contains("\"limits\":{\"max_value_bytes\":4096}", Send("GET", "/status", "").Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Grpc_PutsAKeyAtTheLimit_AndRefusesALongerOne(bool inTxn)
    {
        Assert.Equal(GrpcCode.Ok, (await PutAsync(Most, inTxn)).Code);
        var (code, message) = await PutAsync(Most + 1, inTxn);
        Assert.Equal((GrpcCode.InvalidArgument, $"raftd: {Refusal}; use a shorter key; GET /status shows the limits"), (code, message));
    }

    [Fact]
    public async Task Grpc_QuestionsOfAnyLength_AreAnswered()
    {
        using var client = GrpcClient.Of(_host);
        var (longKey, longEnd) = (ByteString.CopyFromUtf8(Key(Most + 1)), ByteString.CopyFromUtf8(Key(9000)));
        foreach (var request in new[]
        {
            new Wire.RangeRequest { Key = longKey },
            new Wire.RangeRequest { Key = longKey, RangeEnd = longEnd },
            new Wire.RangeRequest { Key = ByteString.CopyFromUtf8("a"), RangeEnd = longEnd },
        })
        {
            Assert.Equal(GrpcCode.Ok, (await client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, request)).Code);
        }

        var deletion = new Wire.DeleteRangeRequest { Key = longKey, RangeEnd = longEnd };
        Assert.Equal(GrpcCode.Ok, (await client.CallAsync<Wire.DeleteRangeResponse>("etcdserverpb.KV/DeleteRange", deletion)).Code);
    }

    [Fact]
    public void Json_PutsAKeyAtTheLimit_AndRefusesALongerOne()
    {
        Assert.Equal(200, Send("POST", "/v3/kv/put", JsonOf(Most)).Status);
        var refused = Send("POST", "/v3/kv/put", JsonOf(Most + 1));
        Assert.Equal(400, refused.Status);
        Assert.Contains(Refusal, refused.Text, StringComparison.Ordinal);
        Assert.Equal(200, Send("POST", "/v3/kv/range", JsonOf(Most + 1)).Status);
    }

    private static string Key(int bytes) => new('k', bytes);

    private static string JsonOf(int keyBytes) => $$"""{"key":"{{ByteString.CopyFromUtf8(Key(keyBytes)).ToBase64()}}"}""";

    private static void Refused(RawAnswer answer)
    {
        Assert.Equal(413, answer.Status);
        Assert.Contains(Refusal, answer.Text, StringComparison.Ordinal);
        Assert.Contains("use a shorter key", answer.Text, StringComparison.Ordinal);
    }

    private RawAnswer Send(string method, string path, string body) =>
        RawHttp.Send(_host, method, path, body: Encoding.UTF8.GetBytes(body));

    private async Task<(GrpcCode Code, string Message)> PutAsync(int keyBytes, bool inTxn)
    {
        using var client = GrpcClient.Of(_host);
        var put = new Wire.PutRequest { Key = ByteString.CopyFromUtf8(Key(keyBytes)) };
        if (!inTxn)
        {
            var answer = await client.CallAsync<Wire.PutResponse>(GrpcClient.Put, put);
            return (answer.Code, answer.Message);
        }

        var txn = new Wire.TxnRequest { Success = { new Wire.RequestOp { RequestPut = put } } };
        var done = await client.CallAsync<Wire.TxnResponse>("etcdserverpb.KV/Txn", txn);
        return (done.Code, done.Message);
    }
}
