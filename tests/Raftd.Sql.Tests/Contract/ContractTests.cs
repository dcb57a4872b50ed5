using Raftd.Api.Tests.Contract;
using Raftd.Contract;
using Raftd.Sql.Fronts;
using Raftd.Sql.Tests.Memory;
using Raftd.Sql.Tests.MySql;
using Raftd.Sql.Tests.Postgres;

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

public sealed class FollowingFront : IAsyncLifetime
{
    private readonly FrontPair _pair = new();

    public SqlFront Front => _pair.Follower;

    public SqlFront Leader => _pair.Leader;

    public async ValueTask InitializeAsync() => await _pair.StartAsync(new FrontOptions());

    public ValueTask DisposeAsync() => _pair.DisposeAsync();
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
