using Google.Protobuf;
using Raftd.Api.Etcd;
using Raftd.Contract;

namespace Raftd.Api.Tests.Etcd;

/// <summary>Leases of the etcd API.</summary>
public sealed class LeaseCallsTests(InMemoryHost host) : IClassFixture<InMemoryHost>, IDisposable
{

    private readonly GrpcClient _client = GrpcClient.Of(host);

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Grant_WithAnId_IsThatLease()
    {
        var granted = (await GrantAsync(4711, 60)).Only;
        Assert.Equal((4711L, 60L, ""), (granted.ID, granted.TTL, granted.Error));
        (await GrantAsync(4711, 60)).Is(EtcdStatus.LeaseExists);
        (await GrantAsync(4711, Bounds.MaxLeaseTtlSeconds + 1)).Is(EtcdStatus.LeaseTtlTooLarge);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(1)]
    public async Task Grant_OfTooShortATime_IsRaisedToTwoSeconds(long seconds) =>
        Assert.Equal(2, (await GrantAsync(0, seconds)).Only.TTL);

    [Fact]
    public async Task KeepAlive_OfSeveralLeases_AnswersEachInOrder()
    {
        var id = (await GrantAsync(0, 60)).Only.ID;
        using var stream = _client.Open<Wire.LeaseKeepAliveResponse>(GrpcClient.KeepAlive);
        foreach (var lease in new[] { id, 1L, id })
        {
            await stream.WriteAsync(new Wire.LeaseKeepAliveRequest { ID = lease });
        }

        foreach (var (lease, seconds) in new[] { (id, 60L), (1L, 0L), (id, 60L) })
        {
            var answer = await stream.ReadAsync();
            Assert.Equal((lease, seconds), (answer.ID, answer.TTL));
            Assert.NotEqual(0UL, answer.Header.MemberId);
        }

        stream.EndSending();
        Assert.Equal((GrpcCode.Ok, ""), await stream.ReadEndAsync());
        await host.AllBodiesAreReleasedAsync();
    }

    [Fact]
    public async Task KeepAlive_ThatFails_EndsTheStreamWithTheStatus()
    {
        await using var failing = await InMemoryHost.StartAsync(new ApiOptions());
        using var client = GrpcClient.Of(failing);
        using var stream = client.Open<Wire.LeaseKeepAliveResponse>(GrpcClient.KeepAlive);
        await stream.WriteAsync(new Wire.LeaseKeepAliveRequest { ID = 1 });
        Assert.Equal(0, (await stream.ReadAsync()).TTL);
        failing.Store.Failure = new StoreException(ErrorCode.NoLeader, "none");
        await stream.WriteAsync(new Wire.LeaseKeepAliveRequest { ID = 1 });
        Assert.Equal((EtcdStatus.NoLeader.Code, EtcdStatus.NoLeader.Message), await stream.ReadEndAsync());
    }

    /// <summary>The stream ends at once, with its status or with its connection. Kestrel itself may wait for the client to end its side
    /// too, for as long as the host lets it.</summary>
    [Fact]
    public async Task KeepAlive_WhileTheServerStops_DoesNotHoldItUp()
    {
        await using var stopping = await InMemoryHost.StartAsync(new ApiOptions());
        using var client = GrpcClient.Of(stopping);
        using var stream = client.Open<Wire.LeaseKeepAliveResponse>(GrpcClient.KeepAlive);
        await stream.WriteAsync(new Wire.LeaseKeepAliveRequest { ID = 1 });
        await stream.ReadAsync();
        var stopped = stopping.StopAsync();
        Assert.IsNotType<TimeoutException>(await Record.ExceptionAsync(stream.ReadEndAsync));
        stream.EndSending();
        await stopped;
    }

    [Fact]
    public async Task TimeToLive_OfALease_TellsItsKeysWhereAsked()
    {
        var id = (await GrantAsync(0, 60)).Only.ID;
        await _client.CallAsync<Wire.PutResponse>(
            GrpcClient.Put, new Wire.PutRequest { Key = ByteString.CopyFromUtf8("leased"), Lease = id });
        var with = (await TimeToLiveAsync(id, keys: true)).Only;
        Assert.Equal((id, 60L, "leased"), (with.ID, with.GrantedTTL, Assert.Single(with.Keys).ToStringUtf8()));
        Assert.InRange(with.TTL, 50, 60);
        Assert.Empty((await TimeToLiveAsync(id, keys: false)).Only.Keys);
    }

    [Fact]
    public async Task TimeToLive_OfNoLease_IsMinusOne()
    {
        var answer = (await TimeToLiveAsync(12345, keys: true)).Only;
        Assert.Equal((12345L, -1L, 0L), (answer.ID, answer.TTL, answer.GrantedTTL));
    }

    [Fact]
    public async Task Revoke_Twice_IsLeaseNotFound()
    {
        var id = (await GrantAsync(0, 60)).Only.ID;
        Assert.NotEqual(0, (await RevokeAsync(id)).Only.Header.Revision);
        (await RevokeAsync(id)).Is(EtcdStatus.LeaseNotFound);
        (await RevokeAsync(0)).Is(EtcdStatus.LeaseNotFound);
    }

    [Fact]
    public async Task Leases_Listed_EndFirstComesFirst()
    {
        var late = (await GrantAsync(0, 5000)).Only.ID;
        var early = (await GrantAsync(0, 4000)).Only.ID;
        var list = (await _client.CallAsync<Wire.LeaseLeasesResponse>("etcdserverpb.Lease/LeaseLeases", new Wire.LeaseLeasesRequest())).Only;
        Assert.Equal([early, late], list.Leases.Select(lease => lease.ID).Where(id => id == early || id == late));
    }

    private Task<GrpcAnswer<Wire.LeaseGrantResponse>> GrantAsync(long id, long seconds) => _client.CallAsync<Wire.LeaseGrantResponse>(
        "etcdserverpb.Lease/LeaseGrant", new Wire.LeaseGrantRequest { ID = id, TTL = seconds });

    private Task<GrpcAnswer<Wire.LeaseRevokeResponse>> RevokeAsync(long id) => _client.CallAsync<Wire.LeaseRevokeResponse>(
        "etcdserverpb.Lease/LeaseRevoke", new Wire.LeaseRevokeRequest { ID = id });

    private Task<GrpcAnswer<Wire.LeaseTimeToLiveResponse>> TimeToLiveAsync(long id, bool keys) =>
        _client.CallAsync<Wire.LeaseTimeToLiveResponse>(
            "etcdserverpb.Lease/LeaseTimeToLive", new Wire.LeaseTimeToLiveRequest { ID = id, Keys = keys });
}
