using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Raftd.Api.Etcd;
using Raftd.Api.Tests.Contract;
using Raftd.Api.Wire.Elections;
using Raftd.Api.Wire.Locks;
using Raftd.Contract;
using Raftd.State.Commands;

namespace Raftd.Api.Tests.Etcd;

/// <summary>The etcd API over a member of the product: transactions, watches, locks and elections as clients see them.</summary>
/// <remarks>The member is shared: each test has keys of its own.</remarks>
public sealed class MemberTests(LoneMember member) : IClassFixture<LoneMember>, IAsyncLifetime
{
    private InMemoryHost _host = null!;
    private GrpcClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await InMemoryHost.StartAsync(new ApiOptions(), replace: services =>
        {
            services.AddSingleton(member.Node.KeyValues);
            services.AddSingleton(member.Node.Leases);
            services.AddSingleton(member.Node.Watches);
            services.AddSingleton(member.Node.Cluster);
            services.AddSingleton(member.Node.Group);
            services.AddSingleton(member.Node.Maintenance);
        });
        _client = GrpcClient.Of(_host);

        // A new cluster begins at the first feature level, which has no transactions.
        await InMemoryHost.EventuallyAsync(() => member.Node.Cluster.Status().FeatureLevel, FeatureLevel.Newest, "feature level");
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Txn_ThatComparesAndSwaps_TakesOneBranch()
    {
        await PutAsync("txn/a", "1");
        var request = new Wire.TxnRequest
        {
            Compare = { new Wire.Compare { Key = Bytes("txn/a"), Target = Wire.Compare.Types.CompareTarget.Value, Value = Bytes("1") } },
            Success =
            {
                new Wire.RequestOp { RequestPut = new Wire.PutRequest { Key = Bytes("txn/a"), Value = Bytes("2"), PrevKv = true } },
                new Wire.RequestOp { RequestRange = new Wire.RangeRequest { Key = Bytes("txn/a") } },
            },
            Failure = { new Wire.RequestOp { RequestDeleteRange = new Wire.DeleteRangeRequest { Key = Bytes("txn/a") } } },
        };
        var first = await TxnAsync(request);
        Assert.True(first.Succeeded);
        Assert.Equal("1", first.Responses[0].ResponsePut.PrevKv.Value.ToStringUtf8());
        Assert.Equal("2", first.Responses[1].ResponseRange.Kvs.Single().Value.ToStringUtf8());
        var second = await TxnAsync(request);
        Assert.Equal((false, 1L), (second.Succeeded, second.Responses[0].ResponseDeleteRange.Deleted));
    }

    [Fact]
    public async Task Txn_ThatPutsAKeyTwice_IsRefused()
    {
        var put = new Wire.RequestOp { RequestPut = new Wire.PutRequest { Key = Bytes("twice") } };
        var answer = await _client.CallAsync<Wire.TxnResponse>("etcdserverpb.KV/Txn", new Wire.TxnRequest { Success = { put, put } });
        answer.Is(EtcdStatus.DuplicateKey);
    }

    [Fact]
    public async Task Put_ThatKeepsTheValueOfNoKey_IsKeyNotFound() =>
        (await _client.CallAsync<Wire.PutResponse>(GrpcClient.Put, new Wire.PutRequest { Key = Bytes("nothing"), IgnoreValue = true }))
            .Is(EtcdStatus.KeyNotFound);

    [Fact]
    public async Task Grant_OfTooShortATime_IsRaisedToTwoSeconds()
    {
        var answer = await _client.CallAsync<Wire.LeaseGrantResponse>("etcdserverpb.Lease/LeaseGrant", new Wire.LeaseGrantRequest());
        Assert.Equal(2, answer.Only.TTL);
    }

    [Fact]
    public async Task Watch_OfAKey_BringsHistoryThenWhatComes()
    {
        var first = await PutAsync("watch/a", "1");
        using var stream = _client.Open<Wire.WatchResponse>(GrpcClient.Watch);
        await stream.WriteAsync(new Wire.WatchRequest
        {
            CreateRequest = new Wire.WatchCreateRequest { Key = Bytes("watch/a"), StartRevision = first, PrevKv = true },
        });
        Assert.True((await stream.ReadAsync()).Created);
        Assert.Equal(first, (await stream.ReadAsync()).Events.Single().Kv.ModRevision);
        await PutAsync("watch/a", "2");
        var change = (await stream.ReadAsync()).Events.Single();
        Assert.Equal(("2", "1"), (change.Kv.Value.ToStringUtf8(), change.PrevKv.Value.ToStringUtf8()));
        await _client.CallAsync<Wire.DeleteRangeResponse>(
            "etcdserverpb.KV/DeleteRange", new Wire.DeleteRangeRequest { Key = Bytes("watch/a") });
        Assert.Equal(Wire.Event.Types.EventType.Delete, (await stream.ReadAsync()).Events.Single().Type);
        await stream.WriteAsync(new Wire.WatchRequest { CancelRequest = new Wire.WatchCancelRequest() });
        Assert.True((await stream.ReadAsync()).Canceled);
    }

    [Fact]
    public async Task Lock_ThatIsTaken_GoesToTheNextWhenItIsGivenBack()
    {
        var (mine, yours) = (await GrantAsync(), await GrantAsync());
        var held = (await LockAsync("lock/a", mine)).Only;
        Assert.Equal($"lock/a/{mine:x}", held.Key.ToStringUtf8());
        Assert.Equal(held.Key, (await LockAsync("lock/a", mine)).Only.Key);
        var waiting = LockAsync("lock/a", yours);
        await InMemoryHost.EventuallyAsync(() => CountAsync("lock/a/").GetAwaiter().GetResult(), 2L, "keys of the lock");
        Assert.False(waiting.IsCompleted);
        Assert.NotNull((await _client.CallAsync<UnlockResponse>("v3lockpb.Lock/Unlock", new UnlockRequest { Key = held.Key })).Only);
        Assert.Equal($"lock/a/{yours:x}", (await waiting).Only.Key.ToStringUtf8());
    }

    [Fact]
    public async Task Lock_GivenUpWhileWaiting_LeavesNoKey()
    {
        await LockAsync("lock/b", await GrantAsync());
        (await LockAsync("lock/b", await GrantAsync(), ("grpc-timeout", "100m"))).Is(EtcdStatus.DeadlineExceeded);
        Assert.Equal(1, await CountAsync("lock/b/"));
    }

    [Fact]
    public async Task Lock_WithoutALease_HasOneOfItsOwn()
    {
        var held = (await LockAsync("lock/c", 0)).Only;
        var item = (await _client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, new Wire.RangeRequest { Key = held.Key })).Only.Kvs.Single();
        Assert.Equal($"lock/c/{item.Lease:x}", held.Key.ToStringUtf8());
    }

    [Fact]
    public async Task Lock_WithAnUnknownLease_IsUnknownWithEtcdsText() =>
        (await LockAsync("lock/d", 5)).Is(new EtcdStatus(GrpcCode.Unknown, "etcdserver: requested lease not found"));

    [Fact]
    public async Task Election_OfTwo_IsObservedFromLeaderToLeader()
    {
        (await ElectionAsync<LeaderResponse>("Leader", new LeaderRequest { Name = Bytes("el") }))
            .Is(new EtcdStatus(GrpcCode.Unknown, "election: no leader"));
        using var observed = _client.Open<LeaderResponse>("v3electionpb.Election/Observe");
        await observed.WriteAsync(new LeaderRequest { Name = Bytes("el") });
        observed.EndSending();

        var first = (await CampaignAsync(await GrantAsync(), "one")).Only.Leader;
        Assert.Equal("one", (await observed.ReadAsync()).Kv.Value.ToStringUtf8());
        var proclaim = new ProclaimRequest { Leader = first, Value = Bytes("one more") };
        Assert.NotNull((await ElectionAsync<ProclaimResponse>("Proclaim", proclaim)).Only);
        Assert.Equal("one more", (await observed.ReadAsync()).Kv.Value.ToStringUtf8());

        var second = CampaignAsync(await GrantAsync(), "two");
        await InMemoryHost.EventuallyAsync(() => CountAsync("el/").GetAwaiter().GetResult(), 2L, "candidates");
        Assert.NotNull((await ElectionAsync<ResignResponse>("Resign", new ResignRequest { Leader = first })).Only);
        Assert.Equal("two", (await observed.ReadAsync()).Kv.Value.ToStringUtf8());
        Assert.Equal(
            (await second).Only.Leader.Key, (await ElectionAsync<LeaderResponse>("Leader", new LeaderRequest { Name = Bytes("el") })).Only.Kv.Key);

        (await ElectionAsync<ProclaimResponse>("Proclaim", proclaim)).Is(new EtcdStatus(GrpcCode.Unknown, "election: not leader"));
        Assert.NotNull((await ElectionAsync<ResignResponse>("Resign", new ResignRequest { Leader = first })).Only);
        (await ElectionAsync<ProclaimResponse>("Proclaim", new ProclaimRequest()))
            .Is(new EtcdStatus(GrpcCode.Unknown, "\"leader\" field must be provided"));
    }

    [Fact]
    public async Task HashKV_OfTheHistory_ChangesWithEachWrite_AndIsRefusedOutsideOfIt()
    {
        var revision = await PutAsync("hash/a", "1");
        var first = (await HashKeysAsync(0)).Only;
        Assert.Equal((revision, revision), (first.Header.Revision, first.HashRevision));
        Assert.True(first.Header.MemberId != 0 && first.CompactRevision is -1 or > 0);
        var next = await PutAsync("hash/a", "2");
        Assert.Equal(first.Hash, (await HashKeysAsync(revision)).Only.Hash);
        Assert.NotEqual(first.Hash, (await HashKeysAsync(0)).Only.Hash);
        (await HashKeysAsync(next + 1)).Is(EtcdStatus.FutureRevision);

        var compact = new Wire.CompactionRequest { Revision = next };
        Assert.NotNull((await _client.CallAsync<Wire.CompactionResponse>("etcdserverpb.KV/Compact", compact)).Only);
        (await HashKeysAsync(revision)).Is(EtcdStatus.Compacted);
        Assert.Equal((next, next), ((await HashKeysAsync(0)).Only.CompactRevision, (await HashKeysAsync(next)).Only.HashRevision));
    }

    [Fact]
    public async Task Hash_OfWhatIsOnTheDisk_ChangesWithTheNextFlush()
    {
        var revision = await PutAsync("hash/b", "1");
        var first = (await HashAsync()).Only;
        Assert.Equal(revision, first.Header.Revision);
        await PutAsync("hash/b", "2");
        await InMemoryHost.EventuallyAsync(
            () => HashAsync().GetAwaiter().GetResult().Only.Hash != first.Hash, true, "another hash");
    }

    private static ByteString Bytes(string text) => ByteString.CopyFromUtf8(text);

    private async Task<long> PutAsync(string key, string value) =>
        (await _client.CallAsync<Wire.PutResponse>(GrpcClient.Put, new Wire.PutRequest { Key = Bytes(key), Value = Bytes(value) }))
            .Only.Header.Revision;

    private Task<GrpcAnswer<Wire.HashKVResponse>> HashKeysAsync(long revision) => _client.CallAsync<Wire.HashKVResponse>(
        "etcdserverpb.Maintenance/HashKV", new Wire.HashKVRequest { Revision = revision });

    private Task<GrpcAnswer<Wire.HashResponse>> HashAsync() =>
        _client.CallAsync<Wire.HashResponse>("etcdserverpb.Maintenance/Hash", new Wire.HashRequest());

    private async Task<Wire.TxnResponse> TxnAsync(Wire.TxnRequest request) =>
        (await _client.CallAsync<Wire.TxnResponse>("etcdserverpb.KV/Txn", request)).Only;

    private async Task<long> GrantAsync() =>
        (await _client.CallAsync<Wire.LeaseGrantResponse>("etcdserverpb.Lease/LeaseGrant", new Wire.LeaseGrantRequest { TTL = 60 })).Only.ID;

    private async Task<long> CountAsync(string prefix)
    {
        var answer = await member.Node.KeyValues.RangeAsync(
            Caller.Nobody,
            new RangeRequest { Key = Bytes(prefix).Memory, RangeEnd = Bytes(prefix[..^1] + "0").Memory, CountOnly = true },
            TestContext.Current.CancellationToken);
        return answer.Count;
    }

    private Task<GrpcAnswer<LockResponse>> LockAsync(string name, long lease, params (string, string)[] headers) =>
        _client.CallAsync<LockResponse>("v3lockpb.Lock/Lock", new LockRequest { Name = Bytes(name), Lease = lease }, headers);

    private Task<GrpcAnswer<CampaignResponse>> CampaignAsync(long lease, string value) => ElectionAsync<CampaignResponse>(
        "Campaign", new CampaignRequest { Name = Bytes("el"), Lease = lease, Value = Bytes(value) });

    private Task<GrpcAnswer<T>> ElectionAsync<T>(string method, IMessage request)
        where T : class, IMessage, new() => _client.CallAsync<T>($"v3electionpb.Election/{method}", request);
}
