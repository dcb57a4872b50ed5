using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Raftd.Api.Etcd;
using Raftd.Contract;

namespace Raftd.Api.Tests.Etcd;

/// <summary>Frames, statuses, limits and deadlines of gRPC, the same for each call.</summary>
public sealed class GrpcTests(InMemoryHost host) : IClassFixture<InMemoryHost>, IDisposable
{
    private const int MaxMessageBytes = (1536 + 512) * 1024;

    private readonly GrpcClient _client = GrpcClient.Of(host);

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Put_ThenRange_BringsTheValueWithItsHeader()
    {
        var put = (await _client.CallAsync<Wire.PutResponse>(GrpcClient.Put, PutOf("grpc/a", "1"))).Only;
        var range = (await _client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, RangeOf("grpc/a"))).Only;
        Assert.Equal("1", Assert.Single(range.Kvs).Value.ToStringUtf8());
        Assert.Equal(put.Header.Revision, range.Kvs[0].ModRevision);
        Assert.Equal((1UL, 11_111_111_111_111_111_111UL, 3UL), (range.Header.ClusterId, range.Header.MemberId, range.Header.RaftTerm));
    }

    [Theory]
    [InlineData("etcdserverpb.KV/Nothing", "unknown method Nothing for service etcdserverpb.KV")]
    [InlineData("a.B/C", "unknown service a.B")]
    [InlineData("a/b/C", "unknown service a/b")]
    [InlineData("nothing", "malformed method name: \"/nothing\"")]
    public async Task UnknownCall_OfAnyKind_IsUnimplemented(string path, string message) =>
        (await _client.CallAsync<Wire.RangeResponse>(path, RangeOf("a"))).Is(EtcdStatus.Unimplemented(message));

    [Fact]
    public async Task ContentType_ThatIsNotGrpc_Is415()
    {
        var body = new ByteArrayContent(GrpcClient.Frame(RangeOf("a")));
        body.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
        using var response = await _client.SendAsync(GrpcClient.Range, body);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task ContentType_WithAnEncodingOfMessages_IsTaken()
    {
        var body = new ByteArrayContent(GrpcClient.Frame(RangeOf("a")));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/grpc+proto");
        Assert.NotNull((await _client.SendAsync<Wire.RangeResponse>(GrpcClient.Range, body)).Only);
    }

    [Fact]
    public void Grpc_OverHttp1_Is505() => Assert.Equal(
        505, RawHttp.Send(host, "POST", "/etcdserverpb.KV/Range", "Content-Type: application/grpc\r\n", GrpcClient.Frame(RangeOf("a"))).Status);

    [Fact]
    public async Task ForeignOrigin_WithGrpc_Is403()
    {
        using var response = await _client.SendAsync(
            GrpcClient.Range, new ByteArrayContent(GrpcClient.Frame(RangeOf("a"))), ("Origin", "http://evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Message_ByteByByte_IsTakenWhole()
    {
        using var stream = _client.Open<Wire.RangeResponse>(GrpcClient.Range);
        foreach (var next in GrpcClient.Frame(RangeOf("a")))
        {
            await stream.WriteAsync([next]);
        }

        stream.EndSending();
        Assert.NotNull((await stream.ReadAsync()).Header);
        Assert.Equal((GrpcCode.Ok, ""), await stream.ReadEndAsync());
    }

    [Fact]
    public async Task Message_OfTheLongestSize_IsTaken()
    {
        var message = new Wire.RangeRequest { Key = ByteString.CopyFrom(new byte[MaxMessageBytes - 4]) };
        Assert.Equal(MaxMessageBytes, message.CalculateSize());
        Assert.Equal(0, (await _client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, message)).Only.Count);
        await host.AllBodiesAreReleasedAsync();
    }

    [Fact]
    public async Task Message_OfMoreThanTheLongestSize_IsRefused()
    {
        var message = new Wire.RangeRequest { Key = ByteString.CopyFrom(new byte[MaxMessageBytes - 3]) };
        var answer = await _client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, message);
        answer.Is(new EtcdStatus(GrpcCode.ResourceExhausted, "grpc: received message larger than max (2097153 vs. 2097152)"));
        await host.AllBodiesAreReleasedAsync();
    }

    [Theory]
    [InlineData(new byte[] { }, "grpc: the request has no message")]
    [InlineData(new byte[] { 0, 0, 0 }, "grpc: the request ended within a message")]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1 }, "grpc: the request ended within a message")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, "grpc: the request has more than one message")]
    [InlineData(new byte[] { 1, 0, 0, 0, 0 }, "grpc: compressed flag set with identity or empty encoding")]
    public async Task Body_ThatIsNotOneMessage_IsInternal(byte[] body, string message)
    {
        var answer = await _client.SendAsync<Wire.RangeResponse>(GrpcClient.Range, new ByteArrayContent(body));
        answer.Is(new EtcdStatus(GrpcCode.Internal, message));
    }

    [Fact]
    public async Task Message_ThatIsNone_IsInternal()
    {
        var answer = await _client.SendAsync<Wire.RangeResponse>(
            GrpcClient.Range, new ByteArrayContent(GrpcClient.Frame([0x0A, 0x05, 1])));
        Assert.Equal(GrpcCode.Internal, answer.Code);
        Assert.StartsWith("grpc: error unmarshalling request: ", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Field_ThatIsUnknown_IsOverlooked()
    {
        byte[] message = [.. RangeOf("a").ToByteArray(), 0xA0, 0x3F, 1];
        Assert.NotNull((await _client.SendAsync<Wire.RangeResponse>(
            GrpcClient.Range, new ByteArrayContent(GrpcClient.Frame(message)))).Only);
    }

    [Fact]
    public async Task Gzip_OfAMessage_IsTaken()
    {
        await _client.CallAsync<Wire.PutResponse>(GrpcClient.Put, PutOf("grpc/zip", "v"));
        var body = new ByteArrayContent(GrpcClient.Frame(Zip(RangeOf("grpc/zip").ToByteArray()), flag: 1));
        var answer = await _client.SendAsync<Wire.RangeResponse>(GrpcClient.Range, body, ("grpc-encoding", "gzip"));
        Assert.Equal(1, answer.Only.Count);
        await host.AllBodiesAreReleasedAsync();
    }

    [Fact]
    public async Task Gzip_ThatGrowsBeyondTheLimit_IsRefused()
    {
        var body = new ByteArrayContent(GrpcClient.Frame(Zip(new byte[64 * 1024 * 1024]), flag: 1));
        var answer = await _client.SendAsync<Wire.RangeResponse>(GrpcClient.Range, body, ("grpc-encoding", "gzip"));
        answer.Is(new EtcdStatus(GrpcCode.ResourceExhausted, "grpc: received message after decompression larger than max 2097152"));
        await host.AllBodiesAreReleasedAsync();
    }

    [Fact]
    public async Task Gzip_ThatIsNone_IsInternal()
    {
        var body = new ByteArrayContent(GrpcClient.Frame([1, 2, 3], flag: 1));
        var answer = await _client.SendAsync<Wire.RangeResponse>(GrpcClient.Range, body, ("grpc-encoding", "gzip"));
        Assert.Equal(GrpcCode.Internal, answer.Code);
    }

    [Fact]
    public async Task Encoding_ThatIsUnknown_IsUnimplementedWithThoseThatAreKnown()
    {
        using var response = await _client.SendAsync(
            GrpcClient.Range, new ByteArrayContent(GrpcClient.Frame(RangeOf("a"))), ("grpc-encoding", "snappy"));
        Assert.Equal(
            (GrpcCode.Unimplemented, "grpc: Decompressor is not installed for grpc-encoding \"snappy\""), GrpcClient.StatusOf(response));
        Assert.Equal("identity,gzip", response.Headers.GetValues("grpc-accept-encoding").Single());
    }

    /// <summary>Of all connections together: each one alone may have far more than the member has memory for.</summary>
    [Fact]
    public async Task Streams_BeyondTheirBudget_AreRefused_AndLeaveTheirPlaces()
    {
        const int Open = 3;
        await using var small = await InMemoryHost.StartAsync(new ApiOptions { MaxOpenStreamBytes = Open * 32 * 1024 });
        using var client = GrpcClient.Of(small);
        var streams = Enumerable.Range(0, Open).Select(_ => client.Open<Wire.LeaseKeepAliveResponse>(GrpcClient.KeepAlive)).ToArray();
        foreach (var stream in streams)
        {
            await stream.WriteAsync(new Wire.LeaseKeepAliveRequest { ID = 1 });
            await stream.ReadAsync();
        }

        using (var other = GrpcClient.Of(small))
        using (var refused = other.Open<Wire.LeaseKeepAliveResponse>(GrpcClient.KeepAlive))
        {
            await refused.WriteAsync(new Wire.LeaseKeepAliveRequest { ID = 1 });
            Assert.Equal((EtcdStatus.TooManyRequests.Code, EtcdStatus.TooManyRequests.Message), await refused.ReadEndAsync());
            Assert.NotNull((await other.CallAsync<Wire.RangeResponse>(GrpcClient.Range, RangeOf("a"))).Only);
        }

        Array.ForEach(streams, stream => stream.Dispose());
        await InMemoryHost.EventuallyAsync(() => small.Services.Streams.UsedBytes, 0L, "bytes of open streams counted");
    }

    /// <summary>A key is read where the connection has put it: what comes meanwhile must not take its place.</summary>
    [Fact]
    public async Task Request_WhileItsHandlerWaits_KeepsItsBytes()
    {
        const int OthersMeanwhile = 200;
        var waiting = new TaskCompletionSource<PutRequest>();
        var goOn = new TaskCompletionSource();
        await using var canned = await InMemoryHost.StartAsync(
            new ApiOptions(), replace: services => services.AddSingleton<IKeyValueService>(new CannedKeys { Put = PutAsync }));
        using var client = GrpcClient.Of(canned);
        var first = client.CallAsync<Wire.PutResponse>(GrpcClient.Put, PutOf("the first", "stays"));
        var kept = await waiting.Task;
        for (var i = 0; i < OthersMeanwhile; i++)
        {
            await client.CallAsync<Wire.PutResponse>(GrpcClient.Put, PutOf("another one", "goes"));
        }

        Assert.Equal("the first stays", $"{Encoding.UTF8.GetString(kept.Key.Span)} {Encoding.UTF8.GetString(kept.Value.Span)}");
        goOn.SetResult();
        Assert.NotNull((await first).Only);

        async ValueTask<PutResponse> PutAsync(PutRequest request)
        {
            if (waiting.TrySetResult(request))
            {
                await goOn.Task;
            }

            return new PutResponse { Revision = 1, Succeeded = true };
        }
    }

    [Fact]
    public async Task Deadline_ThatPasses_EndsTheCall()
    {
        await using var hanging = await HangingAsync(new HangingKeys());
        using var client = GrpcClient.Of(hanging);
        var answer = await client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, RangeOf("a"), ("grpc-timeout", "50m"));
        answer.Is(new EtcdStatus(GrpcCode.DeadlineExceeded, "context deadline exceeded"));
    }

    [Fact]
    public async Task Deadline_OfWhatLooksAtNoToken_EndsTheCall()
    {
        await using var hanging = await HangingAsync(new HangingKeys { IsDeaf = true });
        using var client = GrpcClient.Of(hanging);
        var answer = await client.CallAsync<Wire.CompactionResponse>(
            "/etcdserverpb.KV/Compact", new Wire.CompactionRequest { Revision = 1 }, ("grpc-timeout", "50m"));
        answer.Is(new EtcdStatus(GrpcCode.DeadlineExceeded, "context deadline exceeded"));
    }

    [Fact]
    public async Task Deadline_WhileTheMessageComes_EndsTheCall()
    {
        using var stream = _client.Open<Wire.RangeResponse>(GrpcClient.Range, ("grpc-timeout", "50m"));
        await stream.WriteAsync([0, 0, 0, 0, 9]);
        Assert.Equal((GrpcCode.DeadlineExceeded, "context deadline exceeded"), await stream.ReadEndAsync());
    }

    [Theory]
    [InlineData("1")]
    [InlineData("S")]
    [InlineData("1x")]
    [InlineData("-1S")]
    [InlineData("123456789S")]
    public async Task Timeout_ThatIsMalformed_IsInternal(string timeout) =>
        (await _client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, RangeOf("a"), ("grpc-timeout", timeout)))
            .Is(new EtcdStatus(GrpcCode.Internal, $"malformed grpc-timeout: {timeout}"));

    [Theory]
    [InlineData("5S", 5_000)]
    [InlineData("2M", 120_000)]
    [InlineData("1H", 3_600_000)]
    [InlineData("99999999H", 30L * 24 * 3_600_000)]
    [InlineData("70m", 70)]
    [InlineData("8000u", 8)]
    [InlineData("9000000n", 9)]
    public void Timeout_InEachUnit_IsRead(string text, long milliseconds)
    {
        Assert.True(CallTimeout.TryParse(text, out var timeout));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), timeout);
    }

    [Fact]
    public async Task Status_WithOtherLetters_IsPercentEncoded()
    {
        await using var failing = await InMemoryHost.StartAsync(new ApiOptions());
        failing.Store.Failure = new StoreException(ErrorCode.BadRequest, "100% für ü");
        using var client = GrpcClient.Of(failing);
        using var response = await client.SendAsync(GrpcClient.Range, new ByteArrayContent(GrpcClient.Frame(RangeOf("a"))));
        Assert.Equal("raftd: 100%25 f%C3%BCr %C3%BC", response.Headers.GetValues("grpc-message").Single());
    }

    [Fact]
    public async Task Bodies_BeyondTheBudget_AreTooManyRequests()
    {
        await using var full = await InMemoryHost.StartAsync(new ApiOptions());
        using var held = full.Services.LargeBodies.Hold(full.Services.LargeBodies.LimitBytes);
        using var client = GrpcClient.Of(full);
        var large = new Wire.RangeRequest { Key = ByteString.CopyFrom(new byte[1024 * 1024]) };
        (await client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, large)).Is(EtcdStatus.TooManyRequests);
        Assert.NotNull((await client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, RangeOf("a"))).Only);
    }

    [Fact]
    public async Task Answer_OfSeveralMegabytes_ComesWhole()
    {
        var value = ByteString.CopyFrom(new byte[1_500_000]);
        for (var i = 0; i < 4; i++)
        {
            var put = new Wire.PutRequest { Key = ByteString.CopyFromUtf8($"grpc/large/{i}"), Value = value };
            Assert.NotNull((await _client.CallAsync<Wire.PutResponse>(GrpcClient.Put, put)).Only);
        }

        var range = RangeOf("grpc/large/");
        range.RangeEnd = ByteString.CopyFromUtf8("grpc/large0");
        var answer = (await _client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, range)).Only;
        Assert.Equal(4, answer.Kvs.Count(item => item.Value.Equals(value)));
        await host.AllAnswersAreReleasedAsync();
        await host.AllBodiesAreReleasedAsync();
    }

    [Fact]
    public async Task Answer_ThatIsNotRead_IsCutOffAndCountsNoMore()
    {
        var clock = new ManualClock();
        await using var slow = await InMemoryHost.StartAsync(new ApiOptions(), clock);
        using var client = GrpcClient.Of(slow);
        var put = new Wire.PutRequest { Key = ByteString.CopyFromUtf8("slow"), Value = ByteString.CopyFrom(new byte[1_500_000]) };
        Assert.NotNull((await client.CallAsync<Wire.PutResponse>(GrpcClient.Put, put)).Only);

        using var unread = await client.SendAsync(GrpcClient.Range, new ByteArrayContent(GrpcClient.Frame(RangeOf("slow"))));
        await InMemoryHost.EventuallyAsync(() => slow.Services.Answers.UsedBytes > 1_500_000, true, "bytes are held");
        await InMemoryHost.EventuallyAsync(() => clock.TimersDueWithin(TimeSpan.FromSeconds(40)), 1, "limits of time");
        clock.Advance(TimeSpan.FromSeconds(40));
        await slow.AllAnswersAreReleasedAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => unread.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Message_ThatStopsHalfway_EndsTheStream()
    {
        var clock = new ManualClock();
        await using var patient = await InMemoryHost.StartAsync(new ApiOptions(), clock);
        using var client = GrpcClient.Of(patient);
        using var stream = client.Open<Wire.LeaseKeepAliveResponse>("etcdserverpb.Lease/LeaseKeepAlive");
        await stream.WriteAsync([0, 0, 0, 0, 2, 8]);
        await InMemoryHost.EventuallyAsync(() => clock.TimersDueWithin(TimeSpan.FromSeconds(11)), 1, "limits of time");
        clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal((GrpcCode.DeadlineExceeded, "raftd: the message came too slowly"), await stream.ReadEndAsync());
        await patient.AllBodiesAreReleasedAsync();
    }

    [Fact]
    public async Task HasLeader_WithoutALeader_IsNoLeader()
    {
        await using var leaderless = await InMemoryHost.StartAsync(new ApiOptions());
        leaderless.Cluster.LeaderUrl = null;
        using var client = GrpcClient.Of(leaderless);
        (await client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, RangeOf("a"), ("hasleader", "true"))).Is(EtcdStatus.NoLeader);
        Assert.NotNull((await client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, RangeOf("a"))).Only);
    }

    [Fact]
    public async Task Bug_InAService_IsInternalAndTellsNothing()
    {
        await using var broken = await InMemoryHost.StartAsync(new ApiOptions());
        broken.Cluster.StatusBug = new InvalidOperationException("secret");
        using var client = GrpcClient.Of(broken);
        (await client.CallAsync<Wire.StatusResponse>("etcdserverpb.Maintenance/Status", new Wire.StatusRequest())).Is(EtcdStatus.Bug);
    }

    private static Task<InMemoryHost> HangingAsync(HangingKeys keys) => InMemoryHost.StartAsync(
        new ApiOptions(), replace: services => services.AddSingleton<IKeyValueService>(keys));

    private static Wire.RangeRequest RangeOf(string key) => new() { Key = ByteString.CopyFromUtf8(key) };

    private static Wire.PutRequest PutOf(string key, string value) =>
        new() { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) };

    private static byte[] Zip(byte[] bytes)
    {
        var zipped = new MemoryStream();
        using (var zip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
        {
            zip.Write(bytes);
        }

        return zipped.ToArray();
    }
}
