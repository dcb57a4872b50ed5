using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Peers.Http;
using Raftd.Sql.Fronts;
using Raftd.Sql.Tests.Contract;
using Raftd.Sql.Tests.Memory;
using Raftd.Testing.Processes;

namespace Raftd.Sql.Tests.Peers;

/// <summary>What two fronts do together that reach each other.</summary>
public sealed class ForwardingTests : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly MemoryDatabase _database = new();
    private readonly FrontPair _pair;

    public ForwardingTests() => _pair = new FrontPair(_database, _database);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _pair.DisposeAsync();

    [Fact]
    public async Task Lease_IsAskedForAtAFollower_AndRenewedThere_ByTheLeader()
    {
        await _pair.StartAsync(new FrontOptions());
        var leases = _pair.Follower.Leases;
        var lease = await leases.GrantAsync(Caller.Nobody, new LeaseGrantRequest { Name = "/l", TtlSeconds = 60 }, Stop);
        await leases.KeepAliveAsync(Caller.Nobody, new LeaseKeepAliveRequest { Id = lease.Id, Key = Bytes("k"), Data = Bytes("v") }, Stop);
        var rows = RowsOfTheFollower();

        Assert.Equal(60, (await leases.KeepAliveAsync(Caller.Nobody, new LeaseKeepAliveRequest { Id = lease.Id }, Stop)).TtlSeconds);
        Assert.InRange((await leases.TimeToLiveAsync(Caller.Nobody, lease.Id, Stop)).TtlSeconds, 1, 60);
        Assert.Single((await leases.LeasesAsync(Caller.Nobody, "/l", Stop)).Items);
        Assert.Single((await leases.LeasedKeysAsync(Caller.Nobody, new LeasedKeysRequest { NamePrefix = "/l", Key = default }, Stop)).Items);
        Assert.Equal(rows, RowsOfTheFollower());
    }

    /// <summary>Its own looks are too rare to bring anything.</summary>
    [Fact]
    public async Task Watch_AtAFollowerThatDoesNotLookByItself_BringsWhatTheLeaderHintsAt()
    {
        var rarely = TimeSpan.FromHours(1);
        await _pair.StartAsync(new FrontOptions { HintedPollInterval = rarely, PollInterval = TimeSpan.FromMilliseconds(20) });
        using var session = _pair.Follower.Watches.OpenWatches(Caller.Nobody);
        session.Create(new WatchRequest { Id = 1, Key = Bytes("watched") });
        Assert.Equal(WatchMessageKind.Created, (await session.ReadAsync(Stop)).Kind);

        foreach (var value in (string[])["one", "two", "three"])
        {
            await _pair.Leader.KeyValues.PutAsync(Caller.Nobody, new PutRequest { Key = Bytes("watched"), Value = Bytes(value) }, Stop);
            Assert.Equal(value, Encoding.UTF8.GetString((await session.ReadAsync(Stop).AsTask().WaitAsync(Soon, Stop)).Events[0].Key.Value.Span));
        }
    }

    [Fact]
    public async Task Leader_Gone_FollowerCommitsItself()
    {
        await _pair.StartAsync(new FrontOptions());
        await _pair.StopLeaderAsync();

        try
        {
            await PutAtTheFollowerAsync();
        }
        catch (StoreException unknown) when (unknown.Code == ErrorCode.UnknownOutcome)
        {
            // It was sent before the follower had seen the end of the connection. From now on it has.
            await PutAtTheFollowerAsync();
        }

        Assert.Equal(_pair.Follower.Cluster.Origin.MemberId, _database.Tables.Last.Front);
    }

    [Fact]
    public async Task AddressForFronts_InUse_EndsTheStart_AndNamesIt()
    {
        using var taken = new TcpListener(IPAddress.Loopback, Ports.Free());
        taken.Start();
        var endPoint = (IPEndPoint)taken.LocalEndpoint;
        var options = new SqlFrontOptions { Label = "late", AdvertisedHttpAddress = "127.0.0.1:1", Version = "test", PeerEndPoint = endPoint };
        await using var front = new SqlFront(options, new MemoryDatabase(), NullLoggerFactory.Instance);

        var refused = await Assert.ThrowsAsync<PeerAddressTakenException>(() => front.StartAsync(Stop));
        Assert.Contains($"{endPoint}", refused.Message, StringComparison.Ordinal);
    }

    private ValueTask<PutResponse> PutAtTheFollowerAsync() =>
        _pair.Follower.KeyValues.PutAsync(Caller.Nobody, new PutRequest { Key = Bytes("k"), Value = default }, Stop);

    private int RowsOfTheFollower() =>
        _database.Tables.Log.Values.Count(row => row.Front == _pair.Follower.Cluster.Origin.MemberId);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
