using Raftd.Api.Tests.Contract;
using Raftd.Contract;
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
