using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Raftd.Api.Etcd;
using Raftd.Contract;

namespace Raftd.Api.Tests.Etcd;

/// <summary>Keys, transactions and leases of the etcd API: the checks of fields, and how requests and answers are mapped.</summary>
public sealed class KeyCallsTests(InMemoryHost host) : IClassFixture<InMemoryHost>, IDisposable
{
    private const string Txn = "etcdserverpb.KV/Txn";

    private readonly GrpcClient _client = GrpcClient.Of(host);

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Put_WithWrongFields_IsRefusedInEtcdsOrder()
    {
        var put = new Wire.PutRequest { IgnoreValue = true, Value = Bytes("v"), IgnoreLease = true, Lease = 1 };
        (await PutAsync(put)).Is(EtcdStatus.EmptyKey);
        put.Key = Bytes("a");
        (await PutAsync(put)).Is(EtcdStatus.ValueProvided);
        put.Value = ByteString.Empty;
        (await PutAsync(put)).Is(EtcdStatus.LeaseProvided);
    }

    [Theory]
    [InlineData(1_572_836, (int)GrpcCode.Ok)]
    [InlineData(1_572_838, (int)GrpcCode.InvalidArgument)]
    public async Task Put_AtEtcdsLimit_PassesAsThere(int valueBytes, int code)
    {
        var put = new Wire.PutRequest { Key = Bytes("big"), Value = ByteString.CopyFrom(new byte[valueBytes]) };
        var answer = await PutAsync(put);
        Assert.Equal((GrpcCode)code, answer.Code);
        Assert.Equal(answer.Code == GrpcCode.Ok ? "" : EtcdStatus.RequestTooLarge.Message, answer.Message);
    }

    [Fact]
    public async Task Put_BeyondTheMembersOwnLimit_IsTooLarge()
    {
        await using var small = await InMemoryHost.StartAsync(new ApiOptions { MaxValueBytes = 1024 });
        using var client = GrpcClient.Of(small);
        var put = new Wire.PutRequest { Key = Bytes("a"), Value = ByteString.CopyFrom(new byte[1025]) };
        (await client.CallAsync<Wire.PutResponse>(GrpcClient.Put, put)).Is(EtcdStatus.RequestTooLarge);
    }

    [Fact]
    public async Task Put_WithAnUnknownLease_IsLeaseNotFound() =>
        (await PutAsync(new Wire.PutRequest { Key = Bytes("a"), Lease = 77 })).Is(EtcdStatus.LeaseNotFound);

    [Fact]
    public async Task Put_AskingForThePrevious_GetsItWhole()
    {
        await PutAsync(new Wire.PutRequest { Key = Bytes("prev"), Value = Bytes("1") });
        var answer = (await PutAsync(new Wire.PutRequest { Key = Bytes("prev"), Value = Bytes("2"), PrevKv = true })).Only;
        Assert.Equal(("1", 1L, answer.Header.Revision - 1), (answer.PrevKv.Value.ToStringUtf8(), answer.PrevKv.Version, answer.PrevKv.ModRevision));
    }

    [Fact]
    public async Task Range_WithWrongFields_IsRefused()
    {
        (await RangeAsync(new Wire.RangeRequest())).Is(EtcdStatus.EmptyKey);
        (await RangeAsync(new Wire.RangeRequest { Key = Bytes("a"), SortOrder = (Wire.RangeRequest.Types.SortOrder)3 }))
            .Is(EtcdStatus.InvalidSortOption);
        (await RangeAsync(new Wire.RangeRequest { Key = Bytes("a"), SortTarget = (Wire.RangeRequest.Types.SortTarget)9 }))
            .Is(EtcdStatus.InvalidSortOption);
        (await RangeAsync(new Wire.RangeRequest { Key = Bytes("a"), Revision = 1_000_000 })).Is(EtcdStatus.FutureRevision);
    }

    [Fact]
    public async Task Range_ForTheCountAlone_HasNoKeys()
    {
        await PutAsync(new Wire.PutRequest { Key = Bytes("count/1") });
        await PutAsync(new Wire.PutRequest { Key = Bytes("count/2") });
        var answer = (await RangeAsync(new Wire.RangeRequest { Key = Bytes("count/"), RangeEnd = Bytes("count0"), CountOnly = true, Limit = 1 })).Only;
        Assert.Equal((2L, 0, false), (answer.Count, answer.Kvs.Count, answer.More));
    }

    [Fact]
    public async Task Range_BeyondWhatAnAnswerMayHold_IsRefusedAndNotCutOff()
    {
        await using var small = await InMemoryHost.StartAsync(
            new ApiOptions { MaxValueBytes = 1024, MaxAnswersInFlightBytes = 2048, MaxListingBytes = 1024 },
            replace: services => services.AddSingleton<IKeyValueService>(new CannedKeys
            {
                Range = request => new RangeResponse { Revision = 1, Items = [], Count = 5, More = request.MaxBytes == 2048 },
            }));
        using var client = GrpcClient.Of(small);
        var answer = await client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, new Wire.RangeRequest { Key = Bytes("a") });
        answer.Is(EtcdStatus.AnswerTooLarge(2048));
    }

    [Fact]
    public async Task Range_WithEveryField_IsAskedForAsItWasMeant()
    {
        RangeRequest? asked = null;
        await using var canned = await CannedAsync(new CannedKeys
        {
            Range = request =>
            {
                asked = request;
                return new RangeResponse { Revision = 9, Items = [], Count = 0 };
            },
        });
        using var client = GrpcClient.Of(canned);
        var answer = await client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, new Wire.RangeRequest
        {
            Key = Bytes("a"),
            RangeEnd = Bytes("b"),
            Limit = 7,
            Revision = 5,
            SortOrder = Wire.RangeRequest.Types.SortOrder.Descend,
            SortTarget = Wire.RangeRequest.Types.SortTarget.Mod,
            Serializable = true,
            KeysOnly = true,
            MinModRevision = 1,
            MaxModRevision = 2,
            MinCreateRevision = 3,
            MaxCreateRevision = 4,
        });
        Assert.Equal(9, answer.Only.Header.Revision);
        Assert.Equal((7L, 5L, SortOrder.Descending, SortTarget.ModRevision), (asked!.Limit, asked.Revision, asked.SortOrder, asked.SortTarget));
        Assert.Equal((ReadLevel.Stale, true, false), (asked.Level, asked.KeysOnly, asked.CountOnly));
        Assert.Equal(
            (1L, 2L, 3L, 4L), (asked.MinModRevision, asked.MaxModRevision, asked.MinCreateRevision, asked.MaxCreateRevision));
    }

    [Fact]
    public async Task DeleteRange_OfKeys_CountsThem()
    {
        await PutAsync(new Wire.PutRequest { Key = Bytes("del/1") });
        await PutAsync(new Wire.PutRequest { Key = Bytes("del/2") });
        var request = new Wire.DeleteRangeRequest { Key = Bytes("del/"), RangeEnd = Bytes("del0") };
        Assert.Equal(2, (await DeleteAsync(request)).Only.Deleted);
        (await DeleteAsync(new Wire.DeleteRangeRequest())).Is(EtcdStatus.EmptyKey);
    }

    [Fact]
    public async Task Compact_OfWhatIsGoneOrNotThere_IsOutOfRange()
    {
        var revision = (await PutAsync(new Wire.PutRequest { Key = Bytes("compact") })).Only.Header.Revision;
        Assert.Equal(revision, (await CompactAsync(revision)).Only.Header.Revision);
        (await CompactAsync(revision)).Is(EtcdStatus.Compacted);
        (await CompactAsync(revision + 100)).Is(EtcdStatus.FutureRevision);
    }

    [Theory]
    [InlineData(ErrorCode.NoLeader, (int)GrpcCode.Unavailable, "etcdserver: no leader")]
    [InlineData(ErrorCode.NotReady, (int)GrpcCode.Unavailable, "etcdserver: server stopped")]
    [InlineData(ErrorCode.UnknownOutcome, (int)GrpcCode.Unavailable, "etcdserver: request timed out")]
    [InlineData(ErrorCode.TooManyRequests, (int)GrpcCode.ResourceExhausted, "etcdserver: too many requests")]
    [InlineData(ErrorCode.NoSpace, (int)GrpcCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded")]
    [InlineData(ErrorCode.Compacted, (int)GrpcCode.OutOfRange, "etcdserver: mvcc: required revision has been compacted")]
    [InlineData(ErrorCode.FutureRevision, (int)GrpcCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision")]
    [InlineData(ErrorCode.KeyNotFound, (int)GrpcCode.InvalidArgument, "etcdserver: key not found")]
    [InlineData(ErrorCode.DuplicateKey, (int)GrpcCode.InvalidArgument, "etcdserver: duplicate key given in txn request")]
    [InlineData(ErrorCode.TooManyOperations, (int)GrpcCode.InvalidArgument, "etcdserver: too many operations in txn request")]
    [InlineData(ErrorCode.TooLarge, (int)GrpcCode.InvalidArgument, "raftd: why")]
    [InlineData(ErrorCode.LevelTooLow, (int)GrpcCode.FailedPrecondition, "etcdserver: not capable")]
    [InlineData(ErrorCode.BadRequest, (int)GrpcCode.InvalidArgument, "raftd: why")]
    [InlineData(ErrorCode.Conflict, (int)GrpcCode.FailedPrecondition, "raftd: why")]
    public async Task Failure_OfTheStore_IsAStatusWithEtcdsText(ErrorCode code, int status, string message)
    {
        await using var failing = await InMemoryHost.StartAsync(new ApiOptions());
        failing.Store.Failure = new StoreException(code, "why");
        using var client = GrpcClient.Of(failing);
        var answer = await client.CallAsync<Wire.PutResponse>(GrpcClient.Put, new Wire.PutRequest { Key = Bytes("a") });
        answer.Is(new EtcdStatus((GrpcCode)status, message));
    }

    [Fact]
    public async Task Txn_WithWrongFields_IsRefusedInEtcdsOrder()
    {
        var request = new Wire.TxnRequest();
        request.Success.Add(new Wire.RequestOp());
        (await TxnAsync(request)).Is(EtcdStatus.KeyNotFound);
        request.Compare.Add(new Wire.Compare());
        (await TxnAsync(request)).Is(EtcdStatus.EmptyKey);
        request.Failure.AddRange(Enumerable.Repeat(new Wire.RequestOp(), 129));
        (await TxnAsync(request)).Is(EtcdStatus.TooManyOps);
    }

    [Fact]
    public async Task Txn_WithANestedOne_CountsWhatItsParentLeaves()
    {
        var nested = new Wire.TxnRequest();
        nested.Success.AddRange(Enumerable.Range(0, 127).Select(i => PutOp($"nested/{i}")));
        var parent = new Wire.TxnRequest { Failure = { new Wire.RequestOp { RequestTxn = nested } } };
        Assert.False((await TxnAsync(parent)).Message == EtcdStatus.TooManyOps.Message);
        nested.Success.Add(PutOp("nested/one more"));
        (await TxnAsync(parent)).Is(EtcdStatus.TooManyOps);
    }

    [Fact]
    public async Task Txn_WithAWrongOperationInTheBranchNotTaken_IsRefused()
    {
        (await TxnAsync(new Wire.TxnRequest { Failure = { new Wire.RequestOp { RequestPut = new Wire.PutRequest() } } })).Is(EtcdStatus.EmptyKey);
        (await TxnAsync(new Wire.TxnRequest { Failure = { new Wire.RequestOp { RequestRange = new Wire.RangeRequest() } } })).Is(EtcdStatus.EmptyKey);
        (await TxnAsync(new Wire.TxnRequest { Failure = { new Wire.RequestOp { RequestDeleteRange = new Wire.DeleteRangeRequest() } } }))
            .Is(EtcdStatus.EmptyKey);
        var unknown = new Wire.Compare { Key = Bytes("a"), Result = (Wire.Compare.Types.CompareResult)9 };
        Assert.Equal(GrpcCode.InvalidArgument, (await TxnAsync(new Wire.TxnRequest { Compare = { unknown } })).Code);
    }

    [Fact]
    public async Task Txn_WithEverything_IsAskedForAndAnsweredAsItWasMeant()
    {
        TxnRequest? asked = null;
        var item = new KeyValue { Key = "k"u8.ToArray(), Value = "v"u8.ToArray(), CreateRevision = 1, ModRevision = 2, Version = 3, Lease = 4 };
        await using var canned = await CannedAsync(new CannedKeys
        {
            Txn = request =>
            {
                asked = request;
                return new TxnResponse
                {
                    Revision = 8,
                    Succeeded = true,
                    Responses =
                    [
                        new TxnOperationResponse { Put = new PutResponse { Revision = 8, Succeeded = true, Previous = item } },
                        new TxnOperationResponse { Range = new RangeResponse { Revision = 8, Items = [item], Count = 1 } },
                        new TxnOperationResponse { DeleteRange = new DeleteRangeResponse { Revision = 8, Succeeded = true, Deleted = 2 } },
                        new TxnOperationResponse { Txn = new TxnResponse { Revision = 8, Succeeded = false, Responses = [] } },
                    ],
                };
            },
        });
        using var client = GrpcClient.Of(canned);
        var request = new Wire.TxnRequest
        {
            Compare =
            {
                new Wire.Compare { Key = Bytes("a"), Target = Wire.Compare.Types.CompareTarget.Mod, ModRevision = 5 },
                new Wire.Compare
                {
                    Key = Bytes("a"),
                    RangeEnd = Bytes("b"),
                    Target = Wire.Compare.Types.CompareTarget.Value,
                    Result = Wire.Compare.Types.CompareResult.NotEqual,
                    Value = Bytes("x"),
                },
                new Wire.Compare { Key = Bytes("a"), Target = Wire.Compare.Types.CompareTarget.Lease, Version = 9 },
            },
            Success =
            {
                PutOp("p"),
                new Wire.RequestOp { RequestRange = new Wire.RangeRequest { Key = Bytes("r") } },
                new Wire.RequestOp { RequestDeleteRange = new Wire.DeleteRangeRequest { Key = Bytes("d") } },
                new Wire.RequestOp { RequestTxn = new Wire.TxnRequest() },
            },
        };
        var answer = (await client.CallAsync<Wire.TxnResponse>(Txn, request)).Only;

        Assert.Equal([5L, 0L, 0L], asked!.Compares.Select(compare => compare.Number));
        Assert.Equal((CompareTarget.Value, CompareResult.NotEqual), (asked.Compares[1].Target, asked.Compares[1].Result));
        Assert.True(asked.Success is [{ Put: not null }, { Range: not null }, { DeleteRange: not null }, { Txn: not null }]);
        Assert.Equal((8L, true), (answer.Header.Revision, answer.Succeeded));
        Assert.NotEqual(0UL, answer.Header.MemberId);
        Assert.Equal(new Wire.ResponseHeader { Revision = 8 }, answer.Responses[0].ResponsePut.Header);
        Assert.Equal("v", answer.Responses[0].ResponsePut.PrevKv.Value.ToStringUtf8());
        Assert.Equal(4, Assert.Single(answer.Responses[1].ResponseRange.Kvs).Lease);
        Assert.Equal(2, answer.Responses[2].ResponseDeleteRange.Deleted);
        Assert.Equal(new Wire.ResponseHeader(), answer.Responses[3].ResponseTxn.Header);
    }

    private static ByteString Bytes(string text) => ByteString.CopyFromUtf8(text);

    private static Wire.RequestOp PutOp(string key) => new() { RequestPut = new Wire.PutRequest { Key = Bytes(key) } };

    private static Task<InMemoryHost> CannedAsync(CannedKeys keys) =>
        InMemoryHost.StartAsync(new ApiOptions(), replace: services => services.AddSingleton<IKeyValueService>(keys));

    private Task<GrpcAnswer<Wire.PutResponse>> PutAsync(Wire.PutRequest request) =>
        _client.CallAsync<Wire.PutResponse>(GrpcClient.Put, request);

    private Task<GrpcAnswer<Wire.RangeResponse>> RangeAsync(Wire.RangeRequest request) =>
        _client.CallAsync<Wire.RangeResponse>(GrpcClient.Range, request);

    private Task<GrpcAnswer<Wire.DeleteRangeResponse>> DeleteAsync(Wire.DeleteRangeRequest request) =>
        _client.CallAsync<Wire.DeleteRangeResponse>("etcdserverpb.KV/DeleteRange", request);

    private Task<GrpcAnswer<Wire.CompactionResponse>> CompactAsync(long revision) =>
        _client.CallAsync<Wire.CompactionResponse>("etcdserverpb.KV/Compact", new Wire.CompactionRequest { Revision = revision });

    private Task<GrpcAnswer<Wire.TxnResponse>> TxnAsync(Wire.TxnRequest request) =>
        _client.CallAsync<Wire.TxnResponse>(Txn, request);
}
