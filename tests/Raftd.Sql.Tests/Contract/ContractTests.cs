using Raftd.Api.Tests.Contract;
using Raftd.Contract;
using Raftd.Sql.Fronts;
using Raftd.Sql.Tests.Memory;
using Raftd.Sql.Tests.MySql;
using Raftd.Sql.Tests.Postgres;
using Raftd.Testing.Databases;

namespace Raftd.Sql.Tests.Contract;

/// <summary>The contract on a front over a database in memory: the engine, without a driver.</summary>
public sealed class MemoryContractTests(MemoryFront front) : StoreContract, IClassFixture<MemoryFront>
{
    private protected override IKeyValueService Keys => front.Front.KeyValues;

    private protected override ILeaseService Leases => front.Front.Leases;

    private protected override IListService Lists => front.Front.Lists;

    private protected override IClusterService Cluster => front.Front.Cluster;
}

public sealed class MemoryFront : IAsyncLifetime
{
    public SqlFront Front { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Front = await FrontOver.StartAsync(new MemoryDatabase());

    public ValueTask DisposeAsync() => Front.DisposeAsync();
}

/// <summary>The contract on a front over a real server.</summary>
public sealed class PostgresContractTests(PostgresFront front) : StoreContract, IClassFixture<PostgresFront>
{
    private protected override IKeyValueService Keys => front.Front.KeyValues;

    private protected override ILeaseService Leases => front.Front.Leases;

    private protected override IListService Lists => front.Front.Lists;

    private protected override IClusterService Cluster => front.Front.Cluster;
}

public sealed class PostgresFront(PostgresServers servers) : IAsyncLifetime
{
    private readonly OneDatabase _one = new(servers);

    public SqlFront Front { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Front = await FrontOver.StartAsync(_one.Emptied());

    public ValueTask DisposeAsync() => Front.DisposeAsync();
}

/// <summary>The contract on a front that does not lead, whose writes and questions about leases go to the one that does. What is asked of
/// the only member is asked of that one.</summary>
public sealed class FollowerContractTests(FollowingFront following) : StoreContract, IClassFixture<FollowingFront>
{
    private protected override IKeyValueService Keys => following.Front.KeyValues;

    private protected override ILeaseService Leases => following.Front.Leases;

    private protected override IListService Lists => following.Front.Lists;

    private protected override IClusterService Cluster => following.Leader.Cluster;
}

/// <summary>Over a database in memory, or of the server that the tests were given.</summary>
public sealed class FollowingFront(PostgresServers postgres, MariaDbServers mariaDb) : IAsyncLifetime
{
    private FrontPair _pair = null!;

    public SqlFront Front => _pair.Follower;

    public SqlFront Leader => _pair.Leader;

    public async ValueTask InitializeAsync()
    {
        _pair = PairOver(GivenServer.Url);
        await _pair.StartAsync(new FrontOptions());
    }

    public ValueTask DisposeAsync() => _pair.DisposeAsync();

    private FrontPair PairOver(string? url)
    {
        if (url is null)
        {
            var memory = new MemoryDatabase();
            return new FrontPair(memory, memory);
        }

        if (PostgresServers.TargetOf(url).Engine == SqlEngine.Postgres)
        {
            var one = new OneDatabase(postgres);
            return new FrontPair(one.Emptied(), one.Opened());
        }

        var other = new OneMariaDb(mariaDb);
        return new FrontPair(other.Emptied(), other.Opened());
    }
}

/// <summary>The contract on a front over another real server.</summary>
public sealed class MariaDbContractTests(MariaDbFront front) : StoreContract, IClassFixture<MariaDbFront>
{
    private protected override IKeyValueService Keys => front.Front.KeyValues;

    private protected override ILeaseService Leases => front.Front.Leases;

    private protected override IListService Lists => front.Front.Lists;

    private protected override IClusterService Cluster => front.Front.Cluster;
}

public sealed class MariaDbFront(MariaDbServers servers) : IAsyncLifetime
{
    private readonly OneMariaDb _one = new(servers);

    public SqlFront Front { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Front = await FrontOver.StartAsync(_one.Emptied());

    public ValueTask DisposeAsync() => Front.DisposeAsync();
}
