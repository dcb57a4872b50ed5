using System.Text;
using Raftd.Contract;

namespace Raftd.Api.Tests.Contract;

/// <summary>What every store does that answers the contract, of any engine: the one in memory that the tests of the
/// faces stand on, and a real member. So what is shown of a face on the one holds on the other.</summary>
/// <remarks>The store is shared: a test uses keys and leases of its own name, and no revision but those that it was told.</remarks>
public abstract class StoreContract
{
    private static readonly Caller Nobody = Caller.Nobody;

    private protected abstract IKeyValueService Keys { get; }

    private protected abstract ILeaseService Leases { get; }

    private protected abstract IListService Lists { get; }

    private protected abstract IClusterService Cluster { get; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Put_Twice_CountsRevisionsAndVersions()
    {
        var first = (await PutAsync("put/k", "one")).Revision;
        var second = (await PutAsync("put/k", "two")).Revision;
        var other = (await PutAsync("put/l", "")).Revision;

        Assert.True(first < second && second < other);
        var item = await OneAsync("put/k");
        Assert.Equal(("two", first, second, 2L, 0L), (Text(item.Value), item.CreateRevision, item.ModRevision, item.Version, item.Lease));
        Assert.Equal((0, other), ((await OneAsync("put/l")).ValueBytes, (await OneAsync("put/l")).ModRevision));
    }

    [Fact]
    public async Task Put_OfADeletedKey_BeginsANewLife()
    {
        await PutAsync("life/k", "one");
        await DeleteAsync("life/k");
        var again = (await PutAsync("life/k", "two")).Revision;

        var item = await OneAsync("life/k");
        Assert.Equal((again, again, 1L), (item.CreateRevision, item.ModRevision, item.Version));
    }

    [Fact]
    public async Task Put_AsksForThePreviousVersion_GetsItWhereThereIsOne()
    {
        Assert.Null((await Keys.PutAsync(Nobody, Request("previous", "one") with { ReturnPrevious = true }, Stop)).Previous);
        Assert.Null((await Keys.PutAsync(Nobody, Request("previous", "two"), Stop)).Previous);
        var third = await Keys.PutAsync(Nobody, Request("previous", "three") with { ReturnPrevious = true }, Stop);
        Assert.Equal(("two", 2L), (Text(third.Previous!.Value), third.Previous.Version));
    }

    [Fact]
    public async Task Put_WithoutAKey_IsRefused() =>
        await RefusedAsync(ErrorCode.EmptyKey, async () => await PutAsync("", "v"));

    [Fact]
    public async Task Condition_ThatFails_WritesNothingAndTellsTheRevision()
    {
        var absent = new Precondition { MustNotExist = true };
        var present = new Precondition { MustExist = true };
        Assert.False(await TryPutAsync("condition", "v", present));
        Assert.False(await TryPutAsync("condition", "v", new Precondition { ModRevisions = [1] }));
        Assert.True(await TryPutAsync("condition", "one", absent));
        Assert.False(await TryPutAsync("condition", "v", absent));
        Assert.True(await TryPutAsync("condition", "two", present));
        var at = (await OneAsync("condition")).ModRevision;
        Assert.False(await TryPutAsync("condition", "v", new Precondition { ModRevisions = [at - 1, at + 1] }));
        Assert.False(await TryPutAsync("condition", "v", new Precondition { ModRevisions = [] }));
        Assert.Equal("two", Text((await OneAsync("condition")).Value));
        Assert.True(await TryPutAsync("condition", "three", new Precondition { MustExist = true, ModRevisions = [1, at] }));

        var failed = await Keys.DeleteRangeAsync(
            Nobody, new DeleteRangeRequest { Key = Bytes("condition"), Condition = new Precondition { ModRevisions = [at] } }, Stop);
        Assert.Equal((false, 0L), (failed.Succeeded, failed.Deleted));
        Assert.Equal("three", Text((await OneAsync("condition")).Value));
    }

    [Fact]
    public async Task Range_HasItsEndsAndItsOrder()
    {
        foreach (var key in (string[])["range/b", "range/a", "range/c", "range", "range0"])
        {
            await PutAsync(key, key);
        }

        Assert.Equal("range/a range/b", await NamesAsync(new RangeRequest { Key = Bytes("range/"), RangeEnd = Bytes("range/c") }));
        Assert.Equal("range/c", await NamesAsync(new RangeRequest { Key = Bytes("range/c") }));
        Assert.Equal("", await NamesAsync(new RangeRequest { Key = Bytes("range/d") }));
        Assert.Equal("", await NamesAsync(new RangeRequest { Key = Bytes("range/c"), RangeEnd = Bytes("range/a") }));
        var toTheEnd = await Keys.RangeAsync(Nobody, new RangeRequest { Key = Bytes("range/c"), RangeEnd = new byte[1] }, Stop);
        Assert.Equal("range/c range0", string.Join(' ', toTheEnd.Items.Take(2).Select(static item => Text(item.Key))));
    }

    [Fact]
    public async Task Range_WithBounds_SaysWhatItLeavesOut()
    {
        foreach (var key in (string[])["bounds/a", "bounds/b", "bounds/c"])
        {
            await PutAsync(key, new string('v', 100));
        }

        var all = new RangeRequest { Key = Bytes("bounds/"), RangeEnd = Bytes("bounds0") };
        await HasAsync(all, items: 3, valueBytes: 100);
        await HasAsync(all with { Limit = 2 }, items: 2, valueBytes: 100);
        await HasAsync(all with { Limit = 3 }, items: 3, valueBytes: 100);
        await HasAsync(all with { CountOnly = true }, items: 0, valueBytes: 0);
        await HasAsync(all with { KeysOnly = true }, items: 3, valueBytes: 0);
        await HasAsync(all with { MaxValueBytes = 99 }, items: 3, valueBytes: 0);
        await HasAsync(all with { MaxValueBytes = 100 }, items: 3, valueBytes: 100);
        await HasAsync(all with { MaxBytes = 216 }, items: 2, valueBytes: 100);
        await HasAsync(all with { MaxBytes = 215 }, items: 1, valueBytes: 100);
        await HasAsync(all with { MaxBytes = 1 }, items: 1, valueBytes: 100);
    }

    [Fact]
    public async Task Range_AtARevision_SeesWhatWasThere()
    {
        var first = (await PutAsync("history/a", "one")).Revision;
        var second = (await PutAsync("history/b", "two")).Revision;
        await PutAsync("history/a", "three");
        var deleted = (await DeleteAsync("history/b")).Revision;

        Assert.Equal("history/a", await NamesAsync(History(first)));
        Assert.Equal("history/a history/b", await NamesAsync(History(second)));
        Assert.Equal("history/a", await NamesAsync(History(deleted)));
        await RefusedAsync(ErrorCode.FutureRevision, async () => await NamesAsync(History(deleted + 1_000_000)));
    }

    [Fact]
    public async Task List_StepByStep_IsOfOneRevision()
    {
        foreach (var key in (string[])["list/a", "list/b", "list/c"])
        {
            await PutAsync(key, "v");
        }

        var request = new KeyPageRequest
        {
            Key = Bytes("list/"),
            RangeEnd = Bytes("list0"),
            MaxValueBytes = 1,
            MaxItems = 1,
            MaxBytes = 100,
            Counts = true,
        };
        Assert.Equal("list/a=v list/b=v list/c=v", await ListedAsync(request));
        Assert.Equal("list/c=v list/b=v list/a=v", await ListedAsync(request with { IsDescending = true }));
        Assert.Equal("list/a= list/b= list/c=", await ListedAsync(request with { MaxValueBytes = 0, MaxItems = 2 }));
        Assert.Equal("list/a=v list/b=v list/c=v", await ListedAsync(request with { MaxItems = 9, MaxBytes = 13 }));
        await RefusedAsync(
            ErrorCode.FutureRevision, async () => await Lists.KeysAsync(Nobody, request with { Revision = long.MaxValue }, Stop));
    }

    [Fact]
    public async Task Versions_OfAKey_AreThoseThatAreKept()
    {
        var first = (await PutAsync("versions", "one")).Revision;
        var second = (await PutAsync("versions", "two")).Revision;
        var deleted = (await DeleteAsync("versions")).Revision;
        var last = (await PutAsync("versions", "three")).Revision;

        Assert.Equal([last, -deleted, second, first], await VersionsAsync("versions"));
        Assert.Equal([second, first], await VersionsAsync("versions", VersionId.LastOf(deleted - 1)));
        Assert.Empty(await VersionsAsync("versions/none"));
        await Keys.CompactAsync(Nobody, new CompactRequest { Revision = second }, Stop);
        Assert.Equal([last, -deleted, second], await VersionsAsync("versions"));
        await Keys.CompactAsync(Nobody, new CompactRequest { Revision = deleted }, Stop);
        Assert.Equal([last, -deleted], await VersionsAsync("versions"));
    }

    [Fact]
    public async Task Txn_OnSingleKeys_TakesOneListAtOneRevision()
    {
        var before = (await PutAsync("txn/a", "one")).Revision;
        var request = new TxnRequest
        {
            Compares = [new Compare { Key = Bytes("txn/a"), Target = CompareTarget.Value, Result = CompareResult.Equal, Value = Bytes("one") }],
            Success =
            [
                new TxnOperation { Put = Request("txn/a", "two") with { ReturnPrevious = true } },
                new TxnOperation { Put = Request("txn/b", "two") },
                new TxnOperation { Range = new RangeRequest { Key = Bytes("txn/b") } },
            ],
            Failure = [new TxnOperation { DeleteRange = new DeleteRangeRequest { Key = Bytes("txn/"), RangeEnd = Bytes("txn0") } }],
        };
        var done = await Keys.TxnAsync(Nobody, request, Stop);
        Assert.Equal((true, "one"), (done.Succeeded, Text(done.Responses[0].Put!.Previous!.Value)));
        Assert.True(done.Revision > before);
        Assert.Equal(done.Revision, done.Responses[2].Range!.Items.Single().ModRevision);
        Assert.Equal(done.Revision, (await OneAsync("txn/a")).ModRevision);
        var other = await Keys.TxnAsync(Nobody, request, Stop);
        Assert.Equal((false, 2L), (other.Succeeded, other.Responses.Single().DeleteRange!.Deleted));
    }

    [Fact]
    public async Task Compact_GivesUpWhatIsBelow()
    {
        var first = (await PutAsync("compact", "one")).Revision;
        var second = (await PutAsync("compact", "two")).Revision;
        await RefusedAsync(
            ErrorCode.FutureRevision, async () => await Keys.CompactAsync(Nobody, new CompactRequest { Revision = second + 1_000_000 }, Stop));

        var answer = await Keys.CompactAsync(Nobody, new CompactRequest { Revision = second, AwaitDeletion = true }, Stop);

        Assert.Equal((second, true), (answer.CompactRevision, answer.IsDeleted));
        Assert.Equal("two", Text((await OneAsync("compact", second)).Value));
        await RefusedAsync(ErrorCode.Compacted, async () => await OneAsync("compact", first));
        await RefusedAsync(ErrorCode.Compacted, async () => await Keys.CompactAsync(Nobody, new CompactRequest { Revision = second }, Stop));
    }

    [Fact]
    public async Task Delete_OfARange_IsOneRevision_AndOfNothingNone()
    {
        await PutAsync("delete/a", "v");
        var last = (await PutAsync("delete/b", "v")).Revision;

        var answer = await DeleteAsync("delete/", "delete0");
        Assert.Equal((true, 2L), (answer.Succeeded, answer.Deleted));
        Assert.True(answer.Revision > last);
        var nothing = await DeleteAsync("delete/", "delete0");
        Assert.Equal((true, 0L), (nothing.Succeeded, nothing.Deleted));
        Assert.Equal("", await NamesAsync(new RangeRequest { Key = Bytes("delete/"), RangeEnd = Bytes("delete0") }));
    }

    [Fact]
    public async Task Wait_EndsWithTheNextVersion_TheDeletionOrItsTime()
    {
        var first = (await PutAsync("wait", "one")).Revision;
        var waiting = WaitAsync(first, TimeSpan.FromSeconds(30));
        var second = (await PutAsync("wait", "two")).Revision;
        Assert.Equal("two", Text((await waiting)!.Items.Single().Value));

        Assert.Equal("two", Text((await WaitAsync(first, TimeSpan.FromSeconds(30)))!.Items.Single().Value));
        var forDeletion = WaitAsync(second, TimeSpan.FromSeconds(30));
        var deleted = (await DeleteAsync("wait")).Revision;
        Assert.Empty((await forDeletion)!.Items);
        Assert.Null(await WaitAsync(deleted, TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public async Task Lease_FromGrantToRevoke_HoldsItsKeys()
    {
        var lease = await GrantAsync("/c/life");
        Assert.Equal((LeaseStatus.Create, 60L), await LifeAsync(lease));

        await KeepAliveAsync(lease, "k", "v");
        await Keys.PutAsync(Nobody, Request("c-attached", "v") with { Lease = lease }, Stop);

        Assert.Equal((LeaseStatus.Alive, 60L), await LifeAsync(lease));
        var keys = (await Leases.TimeToLiveAsync(Nobody, lease, Stop)).Keys;
        Assert.Equal($"/c/life/{lease}/k c-attached", string.Join(' ', keys.Select(static key => Text(key.Key))));
        Assert.Equal(lease, (await OneAsync("c-attached")).Lease);

        await Leases.RevokeAsync(Nobody, lease, Stop);
        Assert.Equal("", await NamesAsync(new RangeRequest { Key = Bytes($"/c/life/{lease}/k") }));
        Assert.Equal("", await NamesAsync(new RangeRequest { Key = Bytes("c-attached") }));
        await RefusedAsync(ErrorCode.NotFound, async () => await Leases.RevokeAsync(Nobody, lease, Stop));
        await RefusedAsync(ErrorCode.NotFound, async () => await LifeAsync(lease));
        await RefusedAsync(ErrorCode.NotFound, async () => await KeepAliveAsync(lease, "k", "v"));
        await RefusedAsync(ErrorCode.NotFound, async () => await Keys.PutAsync(Nobody, Request("c-late", "v") with { Lease = lease }, Stop));
    }

    [Fact]
    public async Task Lease_WithANameThatIsTaken_IsRefusedWhereItMustBeUnique()
    {
        var lease = await GrantAsync("/c/unique");
        await RefusedAsync(ErrorCode.Conflict, async () => await GrantAsync("/c/unique", unique: true));
        Assert.NotEqual(lease, await GrantAsync("/c/unique"));
        await RefusedAsync(
            ErrorCode.Conflict,
            async () => await Leases.GrantAsync(Nobody, new LeaseGrantRequest { Name = "/c/id", TtlSeconds = 60, Id = lease }, Stop));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(Bounds.MaxLeaseTtlSeconds + 1)]
    public async Task Lease_WithATimeOutOfRange_IsABadRequest(long ttlSeconds) => await RefusedAsync(
        ErrorCode.BadRequest,
        async () => await Leases.GrantAsync(Nobody, new LeaseGrantRequest { Name = "/c/range", TtlSeconds = ttlSeconds }, Stop));

    [Fact]
    public async Task KeepAlive_OfAKey_NeedsItsDataOnce_AndNotTheReservedName()
    {
        var lease = await GrantAsync("/c/keys");
        await RefusedAsync(ErrorCode.NotFound, async () => await KeepAliveAsync(lease, "k", null));
        await KeepAliveAsync(lease, "k", "one");
        await KeepAliveAsync(lease, "k", null);
        await KeepAliveAsync(lease, "k", "two");
        await KeepAliveAsync(lease, null, null);
        Assert.Equal("two", Text((await OneAsync($"/c/keys/{lease}/k")).Value));
        await RefusedAsync(ErrorCode.BadRequest, async () => await KeepAliveAsync(lease, "meta", "v"));
        await RefusedAsync(ErrorCode.BadRequest, async () => await KeepAliveAsync(lease, null, "v"));
    }

    [Fact]
    public async Task Key_OverwrittenWithoutItsLease_LeavesIt()
    {
        var lease = await GrantAsync("/c/detach");
        await KeepAliveAsync(lease, "k", "v");
        await PutAsync($"/c/detach/{lease}/k", "mine");

        Assert.Empty((await Leases.TimeToLiveAsync(Nobody, lease, Stop)).Keys);
        await Leases.RevokeAsync(Nobody, lease, Stop);
        Assert.Equal(("mine", 0L), (Text((await OneAsync($"/c/detach/{lease}/k")).Value), (await OneAsync($"/c/detach/{lease}/k")).Lease));
    }

    [Fact]
    public async Task Leases_AreListedByName_AndTheirKeysByLease()
    {
        var (b, a) = (await GrantAsync("/c/list/b"), await GrantAsync("/c/list/a"));
        foreach (var (lease, key) in ((long, string)[])[(b, "x"), (a, "y"), (a, "x")])
        {
            await KeepAliveAsync(lease, key, $"{key} of {lease}");
        }

        Assert.Equal([a, b], (await Leases.LeasesAsync(Nobody, "/c/list/", Stop)).Items.Select(static lease => lease.Id));
        Assert.Equal($"{a} x, {a} y, {b} x", await LeasedAsync(new LeasedKeysRequest { NamePrefix = "/c/list/", Key = default }));
        Assert.Equal(
            $"{a} x, {b} x", await LeasedAsync(new LeasedKeysRequest { NamePrefix = "/c/list/", Key = Bytes("x"), Exact = true }));
        Assert.Equal("", await LeasedAsync(new LeasedKeysRequest { NamePrefix = "/c/list/", Key = default, Exact = true }));
        await RefusedAsync(
            ErrorCode.TooLarge,
            async () => await LeasedAsync(new LeasedKeysRequest { NamePrefix = "/c/list/", Key = default, MaxBytes = 100 }));
    }

    [Fact]
    public async Task Key_WithATimeToLive_HasAHiddenLease_UntilItIsOverwritten()
    {
        await Keys.PutAsync(Nobody, Request("c-hidden", "v") with { TtlSeconds = 60 }, Stop);
        var hidden = (await OneAsync("c-hidden")).Lease;
        Assert.NotEqual(0, hidden);
        Assert.DoesNotContain((await Leases.LeasesAsync(Nobody, "", Stop)).Items, lease => lease.Id == hidden);

        await PutAsync("c-hidden", "v");
        Assert.Equal(0, (await OneAsync("c-hidden")).Lease);
        await RefusedAsync(ErrorCode.NotFound, async () => await LifeAsync(hidden));
    }

    [Fact]
    public async Task Alarm_OfNoSpace_RefusesWritesUntilItIsDisarmed()
    {
        await PutAsync("c-alarm", "v");
        await Cluster.RaiseAlarmAsync(Nobody, AlarmKind.NoSpace, Stop);
        try
        {
            Assert.Equal([AlarmKind.NoSpace], (await Cluster.AlarmsAsync(Nobody, ReadLevel.Linearizable, Stop)).Select(static alarm => alarm.Kind));
            await RefusedAsync(ErrorCode.NoSpace, async () => await PutAsync("c-alarm", "w"));
            await RefusedAsync(ErrorCode.NoSpace, async () => await GrantAsync("/c/alarm"));
            Assert.Equal("v", Text((await OneAsync("c-alarm")).Value));
            Assert.Equal(1, (await DeleteAsync("c-alarm")).Deleted);
        }
        finally
        {
            await Cluster.DisarmAsync(Nobody, AlarmKind.NoSpace, Stop);
        }

        Assert.Empty(await Cluster.AlarmsAsync(Nobody, ReadLevel.Linearizable, Stop));
        await PutAsync("c-alarm", "w");
    }

    [Fact]
    public async Task Status_OfTheOnlyMember_IsThatOfTheLeader()
    {
        var revision = (await PutAsync("c-status", "v")).Revision;
        var members = await Cluster.MembersAsync(Nobody, ReadLevel.Linearizable, Stop);
        var status = Cluster.Status();

        Assert.Contains(members.Members, member => member.Id == status.MemberId && member.Label == status.Label);
        Assert.Equal((status.MemberId, status.ClusterId), (members.Leader, members.ClusterId));
        Assert.True(Cluster.IsLeader && Cluster.Revision >= revision && status.Revision >= revision && status.KeyCount > 0);
        Assert.Equal($"http://{status.HttpAddress}", Cluster.LeaderUrl);
        Assert.All(await Cluster.LivenessAsync(Stop), static check => Assert.True(check.Passed, $"{check}"));
        Assert.All(await Cluster.ReadinessAsync(Stop), static check => Assert.True(check.Passed, $"{check}"));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static PutRequest Request(string key, string value) => new() { Key = Bytes(key), Value = Bytes(value) };

    private static RangeRequest History(long revision) =>
        new() { Key = Bytes("history/"), RangeEnd = Bytes("history0"), Revision = revision };

    private static async Task RefusedAsync(ErrorCode code, Func<Task> call) =>
        Assert.Equal(code, (await Assert.ThrowsAsync<StoreException>(call)).Code);

    private async Task<PutResponse> PutAsync(string key, string value) => await Keys.PutAsync(Nobody, Request(key, value), Stop);

    private async Task<bool> TryPutAsync(string key, string value, Precondition condition)
    {
        var answer = await Keys.PutAsync(Nobody, Request(key, value) with { Condition = condition }, Stop);
        Assert.True(answer.Revision > 0);
        return answer.Succeeded;
    }

    private async Task<DeleteRangeResponse> DeleteAsync(string key, string end = "") =>
        await Keys.DeleteRangeAsync(Nobody, new DeleteRangeRequest { Key = Bytes(key), RangeEnd = Bytes(end) }, Stop);

    private async Task<KeyValue> OneAsync(string key, long revision = 0) =>
        (await Keys.RangeAsync(Nobody, new RangeRequest { Key = Bytes(key), Revision = revision }, Stop)).Items.Single();

    private async Task<string> NamesAsync(RangeRequest request) =>
        string.Join(' ', (await Keys.RangeAsync(Nobody, request, Stop)).Items.Select(static item => Text(item.Key)));

    /// <summary>All steps of a list of three keys; between them it is written to.</summary>
    private async Task<string> ListedAsync(KeyPageRequest request)
    {
        var items = new List<KeyValue>();
        for (KeyPageRequest? next = request; next is not null;)
        {
            var page = await Lists.KeysAsync(Nobody, next, Stop);
            Assert.Equal(next.Counts ? 3 : 0, page.Count);
            items.AddRange(page.Items);
            next = page.Next is null ? null : next.Behind(page);
            await PutAsync("list/aa", "late");
        }

        await DeleteAsync("list/aa");
        return string.Join(' ', items.Select(static item => $"{Text(item.Key)}={Text(item.Value)}"));
    }

    /// <summary>The mod revisions of all steps; of a deletion below 0.</summary>
    private async Task<List<long>> VersionsAsync(string key, VersionId? from = null)
    {
        var request = new VersionPageRequest { Key = Bytes(key), From = from, MaxValueBytes = 100, MaxItems = 1, MaxBytes = 100 };
        var found = new List<long>();
        for (VersionPageRequest? next = request; next is not null;)
        {
            var page = await Lists.VersionsAsync(Nobody, next, Stop);
            found.AddRange(page.Items.Select(static item => item.IsDeletion ? -item.Version.ModRevision : item.Version.ModRevision));
            next = page.Next is null ? null : next with { From = page.Next };
        }

        return found;
    }

    /// <summary>Of three keys in the range, whose values have 100 bytes.</summary>
    private async Task HasAsync(RangeRequest request, int items, int valueBytes)
    {
        var answer = await Keys.RangeAsync(Nobody, request, Stop);
        Assert.Equal((items, 3L), (answer.Items.Count, answer.Count));
        Assert.All(answer.Items, item => Assert.Equal((valueBytes, 100), (item.Value.Length, item.ValueBytes)));
    }

    private async Task<RangeResponse?> WaitAsync(long after, TimeSpan limit) =>
        await Keys.WaitAsync(Nobody, new WaitRequest { Key = Bytes("wait"), AfterRevision = after, TimeLimit = limit }, Stop);

    private async Task<long> GrantAsync(string name, bool unique = false) =>
        (await Leases.GrantAsync(Nobody, new LeaseGrantRequest { Name = name, TtlSeconds = 60, Unique = unique }, Stop)).Id;

    private async Task KeepAliveAsync(long lease, string? key, string? data) => await Leases.KeepAliveAsync(
        Nobody,
        new LeaseKeepAliveRequest
        {
            Id = lease,
            Key = key is null ? (ReadOnlyMemory<byte>?)null : Bytes(key),
            Data = data is null ? (ReadOnlyMemory<byte>?)null : Bytes(data),
        },
        Stop);

    private async Task<(LeaseStatus Status, long Granted)> LifeAsync(long lease)
    {
        var life = await Leases.TimeToLiveAsync(Nobody, lease, Stop);
        Assert.InRange(life.TtlSeconds, 1, life.GrantedTtlSeconds);
        return (life.Status, life.GrantedTtlSeconds);
    }

    private async Task<string> LeasedAsync(LeasedKeysRequest request) => string.Join(
        ", ",
        (await Leases.LeasedKeysAsync(Nobody, request, Stop)).Items.Select(static item =>
        {
            Assert.Equal($"{Text(item.Key)} of {item.Lease}", Text(item.Value));
            return $"{item.Lease} {Text(item.Key)}";
        }));
}
