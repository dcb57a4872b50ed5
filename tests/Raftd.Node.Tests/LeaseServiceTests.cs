using System.Text;
using Raftd.Contract;

namespace Raftd.Node.Tests;

/// <summary>The lease calls of the contract on a member of its own: what REST and etcd's API both stand on.</summary>
public sealed class LeaseServiceTests(LoneNode lone) : IClassFixture<LoneNode>
{
    private ILeaseService Leases => lone.Node.Leases;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GrantWithAnId_UsesIt_AndRefusesItWhileALeaseHasItAsync()
    {
        var request = new LeaseGrantRequest { Name = "", TtlSeconds = 60, Id = 0x1234, Kind = LeaseKind.Etcd };
        Assert.Equal(0x1234, (await Leases.GrantAsync(Caller.Nobody, request, Stop)).Id);
        var taken = await Assert.ThrowsAsync<StoreException>(async () => await Leases.GrantAsync(Caller.Nobody, request, Stop));
        Assert.Equal(ErrorCode.Conflict, taken.Code);

        await Leases.RevokeAsync(Caller.Nobody, 0x1234, Stop);
        Assert.Equal(0x1234, (await Leases.GrantAsync(Caller.Nobody, request, Stop)).Id);
    }

    [Fact]
    public async Task Grant_WithoutAnId_DrawsADifferentPositiveOneEachTimeAsync()
    {
        var request = new LeaseGrantRequest { Name = "n", TtlSeconds = 60 };
        var first = await Leases.GrantAsync(Caller.Nobody, request, Stop);
        var second = await Leases.GrantAsync(Caller.Nobody, request, Stop);
        Assert.InRange(first.Id, 1, long.MaxValue);
        Assert.NotEqual(first.Id, second.Id);
    }

    [Theory]
    [InlineData(LeaseKind.Etcd, 1, 2)]
    [InlineData(LeaseKind.Etcd, 0, 2)]
    [InlineData(LeaseKind.Etcd, -5, 2)]
    [InlineData(LeaseKind.Etcd, 3, 3)]
    [InlineData(LeaseKind.Rest, 1, 1)]
    [InlineData(LeaseKind.Rest, 9_000_000_000, 9_000_000_000)]
    public async Task Grant_TtlOfEitherKind_IsRaisedForTheEtcdApiAsync(LeaseKind kind, long asked, long granted)
    {
        var answer = await Leases.GrantAsync(Caller.Nobody, new LeaseGrantRequest { Name = "n", TtlSeconds = asked, Kind = kind }, Stop);
        Assert.Equal(granted, answer.TtlSeconds);
        Assert.Equal(granted, (await Leases.TimeToLiveAsync(Caller.Nobody, answer.Id, Stop)).GrantedTtlSeconds);
    }

    [Theory]
    [InlineData(LeaseKind.Rest, 0, 0)]
    [InlineData(LeaseKind.Rest, -1, 0)]
    [InlineData(LeaseKind.Rest, long.MaxValue, 0)]
    [InlineData(LeaseKind.Etcd, 9_000_000_001, 0)]
    [InlineData(LeaseKind.Etcd, 10, -7)]
    public async Task GrantOutOfRange_IsABadRequest_AndLeavesNothingAsync(LeaseKind kind, long ttl, long id)
    {
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Leases.GrantAsync(
            Caller.Nobody, new LeaseGrantRequest { Name = "refused", TtlSeconds = ttl, Kind = kind, Id = id }, Stop));
        Assert.Equal(ErrorCode.BadRequest, refused.Code);
        Assert.Empty((await Leases.LeasesAsync(Caller.Nobody, "refused", Stop)).Items);
    }

    /// <summary>What a keepalive stream does, many at once: each answered for itself.</summary>
    [Fact]
    public async Task KeepAlive_ManySideBySide_AreEachAnsweredAsync()
    {
        for (var id = 1001; id <= 1100; id++)
        {
            await Leases.GrantAsync(
                Caller.Nobody, new LeaseGrantRequest { Name = "", TtlSeconds = 60, Id = id, Kind = LeaseKind.Etcd }, Stop);
        }

        var answers = Enumerable.Range(1001, 101).Select(async id =>
        {
            try
            {
                return (await Leases.KeepAliveAsync(Caller.Nobody, new LeaseKeepAliveRequest { Id = id }, Stop)).TtlSeconds;
            }
            catch (StoreException gone) when (gone.Code == ErrorCode.NotFound)
            {
                return 0;
            }
        });
        var ttls = await Task.WhenAll(answers);
        Assert.Equal([.. Enumerable.Repeat(60L, 100), 0], ttls);
    }

    [Fact]
    public async Task TimeToLive_ListsTheKeysAttached_AndRevokeTakesThemAsync()
    {
        var lease = await Leases.GrantAsync(
            Caller.Nobody, new LeaseGrantRequest { Name = "", TtlSeconds = 60, Kind = LeaseKind.Etcd }, Stop);
        await lone.Node.KeyValues.PutAsync(Caller.Nobody, new PutRequest { Key = "b"u8.ToArray(), Value = "2"u8.ToArray(), Lease = lease.Id }, Stop);
        await lone.Node.KeyValues.PutAsync(Caller.Nobody, new PutRequest { Key = "a"u8.ToArray(), Value = "1"u8.ToArray(), Lease = lease.Id }, Stop);
        var keys = (await Leases.TimeToLiveAsync(Caller.Nobody, lease.Id, Stop)).Keys;
        Assert.Equal("ab", string.Concat(keys.Select(key => Encoding.UTF8.GetString(key.Key.Span))));

        await Leases.RevokeAsync(Caller.Nobody, lease.Id, Stop);
        var gone = await Assert.ThrowsAsync<StoreException>(async () => await Leases.TimeToLiveAsync(Caller.Nobody, lease.Id, Stop));
        Assert.Equal(ErrorCode.NotFound, gone.Code);
        var range = await lone.Node.KeyValues.RangeAsync(Caller.Nobody, new RangeRequest { Key = "a"u8.ToArray(), RangeEnd = "c"u8.ToArray() }, Stop);
        Assert.Equal(0, range.Count);
    }

    [Fact]
    public async Task Attach_OneKeyMoreThanALeaseMayHave_IsAConflictThatNamesTheFlagAsync()
    {
        var lease = await Leases.GrantAsync(Caller.Nobody, new LeaseGrantRequest { Name = "full", TtlSeconds = 60 }, Stop);
        await PutAsync("full-put");
        for (var i = 1; i < LoneNode.MaxLeaseKeys; i++)
        {
            await KeepAliveAsync($"k{i}");
        }

        await AssertRefusedAsync(() => KeepAliveAsync("more"));
        await AssertRefusedAsync(() => PutAsync("full-another"));
        await KeepAliveAsync("k1");
        await PutAsync("full-put");

        async Task KeepAliveAsync(string key) => await Leases.KeepAliveAsync(
            Caller.Nobody, new LeaseKeepAliveRequest { Id = lease.Id, Key = Encoding.UTF8.GetBytes(key), Data = Encoding.UTF8.GetBytes("v") }, Stop);

        async Task PutAsync(string key) => await lone.Node.KeyValues.PutAsync(
            Caller.Nobody, new PutRequest { Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes("v"), Lease = lease.Id }, Stop);

        static async Task AssertRefusedAsync(Func<Task> attach)
        {
            var refused = await Assert.ThrowsAsync<StoreException>(attach);
            Assert.Equal(ErrorCode.Conflict, refused.Code);
            Assert.Contains("-max-lease-keys", refused.Message, StringComparison.Ordinal);
        }
    }
}
