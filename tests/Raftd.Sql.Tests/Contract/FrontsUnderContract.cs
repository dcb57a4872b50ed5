using Raftd.Contract;
using Raftd.Node.Tests.Behaviours;
using Raftd.Sql.Database;
using Raftd.Sql.Tests.MySql;
using Raftd.Sql.Tests.Postgres;

namespace Raftd.Sql.Tests.Contract;

/// <summary>Three fronts in this process over one real database, that speak to each other. Derive, and name it.</summary>
public abstract class FrontsUnderContract : ServicesUnderContract, IAsyncLifetime
{
    private readonly List<SqlFront> _fronts = [];

    public override int Count => 3;

    public async ValueTask InitializeAsync()
    {
        _fronts.Add(await FrontOver.ListenAsync(Emptied(), "n1"));
        _fronts.Add(await FrontOver.ListenAsync(Opened(), "n2"));
        _fronts.Add(await FrontOver.ListenAsync(Opened(), "n3"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var front in _fronts)
        {
            await front.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    private protected abstract IDatabase Emptied();

    private protected abstract IDatabase Opened();

    protected override IKeyValueService Keys(int member) => _fronts[member].KeyValues;

    protected override ILeaseService Leases(int member) => _fronts[member].Leases;

    protected override IClusterService Members(int member) => _fronts[member].Cluster;
}

public sealed class PostgresFronts(PostgresServers servers) : FrontsUnderContract
{
    private readonly OneDatabase _one = new(servers);

    private protected override IDatabase Emptied() => _one.Emptied();

    private protected override IDatabase Opened() => _one.Opened();
}

public sealed class MariaDbFronts(MariaDbServers servers) : FrontsUnderContract
{
    private readonly OneMariaDb _one = new(servers);

    private protected override IDatabase Emptied() => _one.Emptied();

    private protected override IDatabase Opened() => _one.Opened();
}

/// <summary>On three fronts, whichever is asked.</summary>
public sealed class FrontsContractTests(PostgresFronts fronts) : ContractBehaviours, IClassFixture<PostgresFronts>
{
    protected override IContractCluster Cluster => fronts;
}

public sealed class MariaDbFrontsContractTests(MariaDbFronts fronts) : ContractBehaviours, IClassFixture<MariaDbFronts>
{
    protected override IContractCluster Cluster => fronts;
}
