using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Raftd.Api.Etcd;
using Raftd.Contract;
using Filter = Raftd.Api.Wire.WatchCreateRequest.Types.FilterType;

namespace Raftd.Api.Tests.Etcd;

/// <summary>How a stream of watches is mapped to a session, and what the session says to answers.</summary>
public sealed class WatchStreamTests : IAsyncLifetime
{
    private readonly ScriptedWatches _session = new();
    private readonly InMemoryHost _host;
    private GrpcClient _client = null!;

    public WatchStreamTests() =>
        _host = new InMemoryHost(new ApiOptions(), replace: services => services.AddSingleton<IWatchService>(_session));

    public async ValueTask InitializeAsync()
    {
        await _host.InitializeAsync();
        _client = GrpcClient.Of(_host);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Create_WithEveryField_IsAskedForAsItWasMeant()
    {
        using var stream = Open();
        await CreateAsync(stream, new Wire.WatchCreateRequest
        {
            Key = Bytes("a"),
            RangeEnd = Bytes("b"),
            StartRevision = 5,
            ProgressNotify = true,
            PrevKv = true,
            WatchId = 7,
            Filters = { Filter.Nodelete },
        });
        await CreateAsync(stream, new Wire.WatchCreateRequest { Filters = { Filter.Noput } });
        await EventuallyAsync(() => _session.Created.Count, 2);
        var (first, second) = (_session.Created.First(), _session.Created.Last());
        Assert.Equal((5L, true, true, 7L), (first.StartRevision, first.WithProgress, first.WithPrevious, first.Id!.Value));
        Assert.Equal((false, true), (first.WithoutPuts, first.WithoutDeletes));
        Assert.Equal((true, false), (second.WithoutPuts, second.WithoutDeletes));
        Assert.Equal(new byte[1], second.Key.ToArray());
        Assert.Null(second.Id);
    }

    [Fact]
    public async Task Created_ThenEvents_AreAnswered()
    {
        using var stream = Open();
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a") });
        _session.Say(Message(WatchMessageKind.Created, 0, 10));
        _session.Say(Message(WatchMessageKind.Events, 0, 11) with { Events = [PutOf("a", 11, OfItem("a", 10)), DeleteOf("b", 11)] });
        var created = await stream.ReadAsync();
        Assert.Equal((0L, true, false, 10L), (created.WatchId, created.Created, created.Canceled, created.Header.Revision));
        var events = await stream.ReadAsync();
        Assert.Equal((11L, false, 2), (events.Header.Revision, events.Fragment, events.Events.Count));
        Assert.Equal(
            (Wire.Event.Types.EventType.Put, "a", 10L),
            (events.Events[0].Type, events.Events[0].Kv.Key.ToStringUtf8(), events.Events[0].PrevKv.ModRevision));
        Assert.Equal((Wire.Event.Types.EventType.Delete, 11L), (events.Events[1].Type, events.Events[1].Kv.ModRevision));
        Assert.Null(events.Events[1].PrevKv);
    }

    [Fact]
    public async Task LargeRevision_IsFragmentsWhereTheClientTakesThem_AndOneAnswerWhereNot()
    {
        using var stream = Open();
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a"), Fragment = true });
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a") });

        // A session answers no request that has not reached it.
        await EventuallyAsync(() => _session.Created.Count, 2);
        foreach (var id in new[] { 0L, 1L })
        {
            _session.Say(Message(WatchMessageKind.Created, id, 10));
            Assert.True((await stream.ReadAsync()).Created);
        }

        foreach (var id in new[] { 0L, 1L })
        {
            _session.Say(Message(WatchMessageKind.Events, id, 11) with { Large = new Pieces([PutOf("a", 11)], [PutOf("b", 11), PutOf("c", 11)]) });
        }

        Assert.Equal((0L, true, 11L, "a"), Seen(await stream.ReadAsync()));
        Assert.Equal((0L, false, 11L, "b c"), Seen(await stream.ReadAsync()));
        Assert.Equal((1L, false, 11L, "a b c"), Seen(await stream.ReadAsync()));

        static (long, bool, long, string) Seen(Wire.WatchResponse answer) => (
            answer.WatchId, answer.Fragment, answer.Header.Revision, string.Join(' ', answer.Events.Select(static e => e.Kv.Key.ToStringUtf8())));
    }

    /// <summary>Far more than Kestrel's buffers hold: it goes out while it is made.</summary>
    [Fact]
    public async Task LargeRevision_OfManyMegabytes_ArrivesWhole()
    {
        const int Count = 64;
        using var stream = Open();
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a") });
        await EventuallyAsync(() => _session.Created.Count, 1);
        _session.Say(Message(WatchMessageKind.Created, 0, 10));
        var value = new byte[512 << 10];
        var pieces = Enumerable.Range(0, Count).Select(i => (IReadOnlyList<WatchEvent>)[new(OfItem($"a{i}", 11) with { Value = value }, false, null)]);
        _session.Say(Message(WatchMessageKind.Events, 0, 11) with { Large = new Pieces([.. pieces]) });
        await stream.ReadAsync();
        var answer = await stream.ReadAsync();
        Assert.Equal(Count, answer.Events.Count);
        Assert.All(answer.Events, static (e, i) => Assert.Equal($"a{i}", e.Kv.Key.ToStringUtf8()));
        Assert.All(answer.Events, e => Assert.Equal(value.Length, e.Kv.Value.Length));
    }

    /// <summary>What follows on the stream would be taken for the rest of a message that was announced and not sent.</summary>
    [Fact]
    public async Task LargeRevision_CompactedWhileItIsSent_EndsTheStreamWithinTheMessage()
    {
        using var stream = Open();
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a") });
        _session.Say(Message(WatchMessageKind.Created, 0, 10));
        await stream.ReadAsync();
        var large = new Pieces([PutOf("a", 11)], [PutOf("b", 11)]) { SecondTime = [[PutOf("a", 11)]] };
        _session.Say(Message(WatchMessageKind.Events, 0, 11) with { Large = large });
        await Assert.ThrowsAnyAsync<Exception>(stream.ReadAsync);
        await _session.Disposed.Task.WaitAsync(GrpcClient.Patience);
    }

    [Fact]
    public async Task LargeRevision_CompactedBeforeItIsSent_EndsTheStreamSoThatTheClientComesAgain()
    {
        using var stream = Open();
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a") });
        _session.Say(Message(WatchMessageKind.Created, 0, 10));
        await stream.ReadAsync();
        _session.Say(Message(WatchMessageKind.Events, 0, 11) with { Large = new Gone() });
        Assert.Equal((GrpcCode.Unavailable, "raftd: revision 11 was compacted"), await stream.ReadEndAsync());
    }

    [Theory]
    [InlineData(WatchEnd.EmptyRange, "mvcc: watcher range is empty")]
    [InlineData(WatchEnd.DuplicateId, "mvcc: duplicate watch ID provided on the WatchStream")]
    [InlineData(WatchEnd.Denied, "rpc error: code = PermissionDenied desc = etcdserver: permission denied")]
    public async Task Creation_ThatIsRefused_IsCreatedAndCanceledAtOnce(WatchEnd end, string reason)
    {
        using var stream = Open();
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a") });
        _session.Say(Message(WatchMessageKind.Canceled, -1, 10) with { End = end });
        var answer = await stream.ReadAsync();
        Assert.Equal((-1L, true, true, reason), (answer.WatchId, answer.Created, answer.Canceled, answer.CancelReason));
    }

    [Fact]
    public async Task StartRevision_BelowZero_IsCompacted()
    {
        using var stream = Open();
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a"), StartRevision = -1 });
        var answer = await stream.ReadAsync();
        Assert.Equal((-1L, true, true), (answer.WatchId, answer.Created, answer.Canceled));
        Assert.Equal("etcdserver: mvcc: required revision has been compacted", answer.CancelReason);
        Assert.Empty(_session.Created);
    }

    [Fact]
    public async Task End_OfAWatch_SaysWhy()
    {
        using var stream = Open();
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a") });
        _session.Say(Message(WatchMessageKind.Created, 0, 10));
        await stream.ReadAsync();
        _session.Say(Message(WatchMessageKind.Canceled, 0, 10) with { End = WatchEnd.Compacted, CompactRevision = 6 });
        var compacted = await stream.ReadAsync();
        Assert.Equal((0L, true, 6L, "", 0L), (
            compacted.WatchId, compacted.Canceled, compacted.CompactRevision, compacted.CancelReason, compacted.Header.Revision));
        await stream.WriteAsync(new Wire.WatchRequest { CancelRequest = new Wire.WatchCancelRequest { WatchId = 3 } });
        await EventuallyAsync(() => _session.Canceled.Count, 1);
        _session.Say(Message(WatchMessageKind.Canceled, 3, 12) with { End = WatchEnd.Requested });
        var requested = await stream.ReadAsync();
        Assert.Equal((3L, true, false, 12L), (requested.WatchId, requested.Canceled, requested.Created, requested.Header.Revision));
    }

    [Fact]
    public async Task Progress_AskedFor_IsOneEmptyAnswer()
    {
        using var stream = Open();
        await stream.WriteAsync(new Wire.WatchRequest { ProgressRequest = new Wire.WatchProgressRequest() });
        await EventuallyAsync(() => _session.ProgressRequests, 1);
        _session.Say(Message(WatchMessageKind.Progress, -1, 10));
        var answer = await stream.ReadAsync();
        Assert.Equal((-1L, 10L, 0, false), (answer.WatchId, answer.Header.Revision, answer.Events.Count, answer.Canceled));
    }

    [Fact]
    public async Task Client_ThatHasSentItsLast_StillGetsEvents()
    {
        using var stream = Open();
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a") });
        stream.EndSending();
        _session.Say(Message(WatchMessageKind.Created, 0, 10));
        await stream.ReadAsync();
        _session.Say(Message(WatchMessageKind.Events, 0, 11) with { Events = [PutOf("a", 11)] });
        Assert.Single((await stream.ReadAsync()).Events);
    }

    [Fact]
    public async Task Session_ThatFails_EndsTheStreamAndIsClosed()
    {
        using var stream = Open();
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a") });
        _session.Fail(new StoreException(ErrorCode.NotReady, "stopping"));
        Assert.Equal((EtcdStatus.Stopped.Code, EtcdStatus.Stopped.Message), await stream.ReadEndAsync());
        await _session.Disposed.Task.WaitAsync(GrpcClient.Patience);
    }

    [Fact]
    public async Task Client_ThatGoes_ClosesTheSession()
    {
        var stream = Open();
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a") });
        _session.Say(Message(WatchMessageKind.Created, 0, 10));
        await stream.ReadAsync();
        stream.Dispose();
        await _session.Disposed.Task.WaitAsync(GrpcClient.Patience);
    }

    [Fact]
    public async Task Leader_LostUnderAStreamThatWantsOne_EndsIt()
    {
        using var stream = _client.Open<Wire.WatchResponse>(GrpcClient.Watch, ("hasleader", "true"));
        await CreateAsync(stream, new Wire.WatchCreateRequest { Key = Bytes("a") });
        _session.Say(Message(WatchMessageKind.Created, 0, 10));
        await stream.ReadAsync();
        _host.Cluster.LeaderUrl = null;
        Assert.Equal((EtcdStatus.NoLeader.Code, EtcdStatus.NoLeader.Message), await stream.ReadEndAsync());
    }

    [Fact]
    public async Task Json_OfAWatch_IsOneAnswerALine()
    {
        using var client = new HttpClient { Timeout = GrpcClient.Patience };
        _session.Say(Message(WatchMessageKind.Created, 0, 10));
        _session.Say(Message(WatchMessageKind.Events, 0, 11) with { Events = [PutOf("a", 11)] });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_host.BaseUrl, "/v3/watch"))
        {
            Content = new StringContent("""{"create_request":{"key":"YQ=="}}"""),
        };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal(
            """{"result":{"header":{"cluster_id":"1","member_id":"11111111111111111111","revision":"10","raft_term":"3"},"created":true}}""",
            await lines.ReadLineAsync());
        Assert.Contains("\"events\":[{\"kv\":{\"key\":\"YQ==\"", await lines.ReadLineAsync(), StringComparison.Ordinal);
        _session.Say(Message(WatchMessageKind.Events, 0, 12) with { Large = new Pieces([PutOf("a", 12)], [PutOf("b", 12)]) });
        var large = await lines.ReadLineAsync();
        Assert.Contains("\"key\":\"YQ==\"", large, StringComparison.Ordinal);
        Assert.Contains("\"key\":\"Yg==\"", large, StringComparison.Ordinal);
        _session.Fail(new StoreException(ErrorCode.NotReady, "stopping"));
        Assert.Equal(
            """{"error":{"code":14,"message":"etcdserver: server stopped","grpc_code":14,"http_code":503}}""", await lines.ReadLineAsync());
    }

    private GrpcStream<Wire.WatchResponse> Open() => _client.Open<Wire.WatchResponse>(GrpcClient.Watch);

    private static Task CreateAsync(GrpcStream<Wire.WatchResponse> stream, Wire.WatchCreateRequest request) =>
        stream.WriteAsync(new Wire.WatchRequest { CreateRequest = request });

    private static Task EventuallyAsync(Func<int> actual, int expected) => InMemoryHost.EventuallyAsync(actual, expected, "requests");

    private static ByteString Bytes(string text) => ByteString.CopyFromUtf8(text);

    private static WatchMessage Message(WatchMessageKind kind, long id, long revision) => new() { Kind = kind, Id = id, Revision = revision };

    private static WatchEvent PutOf(string key, long revision, KeyValue? previous = null) => new(OfItem(key, revision), false, previous);

    private static WatchEvent DeleteOf(string key, long revision) =>
        new(OfItem(key, revision) with { CreateRevision = 0, Version = 0, Value = default }, true, null);

    private static KeyValue OfItem(string key, long revision) => new()
    {
        Key = System.Text.Encoding.UTF8.GetBytes(key),
        Value = "v"u8.ToArray(),
        CreateRevision = revision,
        ModRevision = revision,
        Version = 1,
        Lease = 0,
    };

    private sealed class Pieces(params IReadOnlyList<WatchEvent>[] pieces) : ILargeRevision
    {
        private int _read;

        /// <summary>What is left of it for the second reader.</summary>
        public IReadOnlyList<WatchEvent>[]? SecondTime { get; init; }

        public IEnumerable<IReadOnlyList<WatchEvent>> Read() => _read++ > 0 && SecondTime is { } left ? left : pieces;
    }

    private sealed class Gone : ILargeRevision
    {
        public IEnumerable<IReadOnlyList<WatchEvent>> Read() => throw new StoreException(ErrorCode.Compacted, "revision 11 was compacted");
    }
}
