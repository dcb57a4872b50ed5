using System.Text;
using Raftd.Contract;

namespace Raftd.Node.Tests;

/// <summary>Transactions, sorted ranges and what goes with them, as the faces ask a member for them.</summary>
public sealed class TransactionTests(LoneNode lone) : IClassFixture<LoneNode>
{
    private static readonly Caller Nobody = Caller.Nobody;

    private IKeyValueService Keys => lone.Node.KeyValues;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Txn_ReadsWhatItHasWritten_AtOneRevision()
    {
        var before = (await Put("t/a", "1")).Revision;
        var answer = await Txn(new TxnRequest
        {
            Success =
            [
                Reads("t/", "t0"),
                Puts("t/b", "2"),
                new TxnOperation { DeleteRange = new DeleteRangeRequest { Key = Bytes("t/a"), ReturnPrevious = true } },
                Reads("t/", "t0"),
                new TxnOperation { Txn = new TxnRequest { Compares = [IsNew("t/b")], Success = [Puts("t/c", "3")] } },
                new TxnOperation { Range = new RangeRequest { Key = Bytes("t/a"), Revision = before } },
            ],
        });

        Assert.True(answer.Succeeded);
        Assert.Equal(before + 1, answer.Revision);
        Assert.Equal((before, "t/a=1"), (answer.Responses[0].Range!.Revision, Text(answer.Responses[0].Range!)));
        Assert.Equal("1", Text(Assert.Single(answer.Responses[2].DeleteRange!.Previous).Value));
        Assert.Equal((before + 1, "t/b=2"), (answer.Responses[3].Range!.Revision, Text(answer.Responses[3].Range!)));
        Assert.True(answer.Responses[4].Txn!.Succeeded, "a nested compare sees the state before the transaction");
        Assert.Equal("t/a=1", Text(answer.Responses[5].Range!));
        Assert.Equal("t/b=2 t/c=3", Text(await Keys.RangeAsync(Nobody, new RangeRequest { Key = Bytes("t/"), RangeEnd = Bytes("t0") }, Stop)));
    }

    [Theory]
    [InlineData(CompareTarget.Version, CompareResult.Equal, 0, true)]
    [InlineData(CompareTarget.CreateRevision, CompareResult.Greater, 0, false)]
    [InlineData(CompareTarget.ModRevision, CompareResult.Less, 1, true)]
    [InlineData(CompareTarget.Lease, CompareResult.NotEqual, 0, false)]
    [InlineData(CompareTarget.Value, CompareResult.Equal, 0, false)]
    [InlineData(CompareTarget.Value, CompareResult.NotEqual, 0, false)]
    public async Task Compare_OfAKeyThatDoesNotExist_HasZeroEverywhere_AndNoValue(
        CompareTarget target, CompareResult result, long number, bool holds)
    {
        var compare = new Compare { Key = Bytes("absent"), Target = target, Result = result, Number = number };
        Assert.Equal(holds, (await Txn(new TxnRequest { Compares = [compare] })).Succeeded);
        Assert.Equal(holds, (await Txn(new TxnRequest { Compares = [compare with { RangeEnd = Bytes("absent0") }] })).Succeeded);
    }

    [Fact]
    public async Task Compare_OfARange_HoldsForEachOfItsKeys()
    {
        await Put("cmp/1", "a");
        await Put("cmp/2", "b");
        var compare = new Compare
        {
            Key = Bytes("cmp/"),
            RangeEnd = Bytes("cmp0"),
            Target = CompareTarget.Value,
            Result = CompareResult.Less,
            Value = Bytes("b"),
        };
        Assert.False((await Txn(new TxnRequest { Compares = [compare] })).Succeeded);
        Assert.True((await Txn(new TxnRequest { Compares = [compare with { Value = Bytes("c") }] })).Succeeded);
    }

    [Fact]
    public async Task Txn_ThatOnlyReads_IsNoEntry()
    {
        await Put("ro/a", "1");
        var before = lone.Node.Group.GroupStatus().CommitIndex;
        var answer = await Txn(new TxnRequest { Compares = [IsNew("ro/a")], Success = [Reads("x", "y")], Failure = [Reads("ro/", "ro0")] });
        Assert.Equal((false, "ro/a=1"), (answer.Succeeded, Text(answer.Responses[0].Range!)));
        Assert.Equal(before, lone.Node.Group.GroupStatus().CommitIndex);
    }

    [Fact]
    public async Task Txn_RefusedForOneOperation_DoesNone()
    {
        var before = lone.Node.Cluster.Revision;
        await RefusedAsync(ErrorCode.NotFound, Puts("no/a", "1"), new TxnOperation
        {
            Put = new PutRequest { Key = Bytes("no/b"), Value = Bytes("2"), Lease = 12345 },
        });
        await RefusedAsync(ErrorCode.KeyNotFound, Puts("no/a", "1"), new TxnOperation
        {
            Put = new PutRequest { Key = Bytes("no/b"), Value = default, KeepValue = true },
        });
        await RefusedAsync(ErrorCode.FutureRevision, Puts("no/a", "1"), new TxnOperation
        {
            Range = new RangeRequest { Key = Bytes("no/a"), Revision = before + 1 },
        });
        Assert.Equal(before, lone.Node.Cluster.Revision);
    }

    [Fact]
    public async Task Put_ThatKeepsValueOrLease_ChangesTheOther()
    {
        var lease = (await lone.Node.Leases.GrantAsync(
            Nobody, new LeaseGrantRequest { Name = "", TtlSeconds = 600, Kind = LeaseKind.Etcd }, Stop)).Id;
        await Put("keep", "value");
        await Keys.PutAsync(Nobody, new PutRequest { Key = Bytes("keep"), Value = default, KeepValue = true, Lease = lease }, Stop);
        Assert.Equal(("value", lease), await ValueAndLease("keep"));
        await Keys.PutAsync(Nobody, new PutRequest { Key = Bytes("keep"), Value = Bytes("other"), KeepLease = true }, Stop);
        Assert.Equal(("other", lease), await ValueAndLease("keep"));
        await Put("keep", "third");
        Assert.Equal(("third", 0), await ValueAndLease("keep"));
    }

    [Fact]
    public async Task Check_OfWhatContradictsItself_RefusesItBeforeItIsProposed()
    {
        var before = lone.Node.Group.GroupStatus().CommitIndex;
        await RefusedAsync(ErrorCode.DuplicateKey, Puts("d", "1"), Puts("d", "2"));
        await RefusedAsync(ErrorCode.DuplicateKey, Puts("d", "1"), Deletes("a", "z"));
        await RefusedAsync(ErrorCode.DuplicateKey, Nested(Deletes("a", "z")), Nested(Puts("d", "1")));
        await RefusedAsync(ErrorCode.DuplicateKey, Puts("d", "1"), Nested(Deletes("d", "")));
        await RefusedAsync(ErrorCode.EmptyKey, Puts("", "1"));
        await RefusedAsync(ErrorCode.EmptyKey, Nested(Reads("", "")));
        await RefusedAsync(ErrorCode.BadRequest, new TxnOperation());
        await RefusedAsync(
            ErrorCode.TooManyOperations, [.. Enumerable.Range(0, 129).Select(static i => Puts($"k{i}", "1"))]);
        await RefusedAsync(
            ErrorCode.TooManyOperations,
            [.. Enumerable.Range(0, 127).Select(static i => Puts($"k{i}", "1")), Nested(Reads("a", ""))]);
        Assert.Equal(before, lone.Node.Group.GroupStatus().CommitIndex);
    }

    [Fact]
    public async Task Check_OfWhatEtcdLetsPass_LetsItPass()
    {
        // One of the nested lists is done, so both may put the key; and a deletion may follow a put of an earlier transaction.
        await Txn(new TxnRequest
        {
            Success = [new TxnOperation { Txn = new TxnRequest { Success = [Puts("ok", "1")], Failure = [Puts("ok", "2")] } }],
        });
        await Txn(new TxnRequest { Success = [Nested(Puts("ok", "1")), Nested(Deletes("a", "z"))] });
        await Txn(new TxnRequest { Success = [Deletes("a", "k"), Deletes("b", "z")], Failure = [Puts("ok", "1")] });
        await Txn(new TxnRequest { Success = [Deletes("w", "\0"), Puts("x", "1")] });
        Assert.Equal("x=1", Text(await Keys.RangeAsync(Nobody, new RangeRequest { Key = Bytes("x") }, Stop)));
    }

    [Fact]
    public async Task Range_SortedAndFiltered_CountsAll_AndSaysThatThereIsMore()
    {
        await Put("s/a", "3");
        await Put("s/b", "1");
        var last = (await Put("s/c", "2")).Revision;
        var range = new RangeRequest { Key = Bytes("s/"), RangeEnd = Bytes("s0"), SortTarget = SortTarget.Value };
        Assert.Equal("s/b=1 s/c=2 s/a=3", Text(await Keys.RangeAsync(Nobody, range, Stop)));
        var newest = await Keys.RangeAsync(
            Nobody, range with { SortTarget = SortTarget.ModRevision, SortOrder = SortOrder.Descending, Limit = 1 }, Stop);
        Assert.Equal(("s/c=2", 3, true), (Text(newest), newest.Count, newest.More));
        var filtered = await Keys.RangeAsync(Nobody, range with { MinModRevision = last - 1, KeysOnly = true }, Stop);
        Assert.Equal(("s/b= s/c=", 3, false), (Text(filtered), filtered.Count, filtered.More));
    }

    [Fact]
    public async Task Watch_OnAMember_BringsItsWrites()
    {
        using var session = lone.Node.Watches.OpenWatches(Nobody);
        session.Create(new WatchRequest { Key = Bytes("w/"), RangeEnd = Bytes("w0"), WithPrevious = true });
        Assert.Equal(WatchMessageKind.Created, (await session.ReadAsync(Stop)).Kind);
        await Put("w/a", "1");
        var answer = await Txn(new TxnRequest { Success = [Puts("w/b", "2"), Deletes("w/a", "")] });

        Assert.Equal("w/a", Text(Assert.Single((await session.ReadAsync(Stop)).Events).Key.Key));
        var message = await session.ReadAsync(Stop);
        Assert.Equal(answer.Revision, message.Revision);
        Assert.Equal([("w/b", false, ""), ("w/a", true, "1")], message.Events.Select(
            static e => (Text(e.Key.Key), e.IsDelete, e.Previous is { } previous ? Text(previous.Value) : "")));
    }

    private async Task RefusedAsync(ErrorCode code, params TxnOperation[] operations)
    {
        var refused = await Assert.ThrowsAsync<StoreException>(() => Txn(new TxnRequest { Success = operations }));
        Assert.Equal(code, refused.Code);
        var other = await Assert.ThrowsAsync<StoreException>(() => Txn(new TxnRequest { Compares = [IsNew("r"), IsOld("r")], Failure = operations }));
        Assert.Equal(code, other.Code);
    }

    private Task<TxnResponse> Txn(TxnRequest request) => Keys.TxnAsync(Nobody, request, Stop).AsTask();

    private async Task<PutResponse> Put(string key, string value) =>
        await Keys.PutAsync(Nobody, new PutRequest { Key = Bytes(key), Value = Bytes(value) }, Stop);

    private async Task<(string Value, long Lease)> ValueAndLease(string key)
    {
        var item = Assert.Single((await Keys.RangeAsync(Nobody, new RangeRequest { Key = Bytes(key) }, Stop)).Items);
        return (Text(item.Value), item.Lease);
    }

    private static Compare IsNew(string key) =>
        new() { Key = Bytes(key), Target = CompareTarget.Version, Result = CompareResult.Equal, Number = 0 };

    private static Compare IsOld(string key) =>
        new() { Key = Bytes(key), Target = CompareTarget.Version, Result = CompareResult.Greater, Number = 0 };

    private static TxnOperation Puts(string key, string value) =>
        new() { Put = new PutRequest { Key = Bytes(key), Value = Bytes(value) } };

    private static TxnOperation Reads(string key, string rangeEnd) =>
        new() { Range = new RangeRequest { Key = Bytes(key), RangeEnd = Bytes(rangeEnd) } };

    private static TxnOperation Deletes(string key, string rangeEnd) =>
        new() { DeleteRange = new DeleteRangeRequest { Key = Bytes(key), RangeEnd = Bytes(rangeEnd) } };

    private static TxnOperation Nested(TxnOperation operation) => new() { Txn = new TxnRequest { Success = [operation] } };

    private static string Text(RangeResponse answer) =>
        string.Join(' ', answer.Items.Select(static item => $"{Text(item.Key)}={Text(item.Value)}"));

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
