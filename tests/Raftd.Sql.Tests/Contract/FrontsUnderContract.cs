using Raftd.Contract;
using Raftd.Node.Tests.Behaviours;
using Raftd.Sql.Tests.Postgres;

namespace Raftd.Sql.Tests.Contract;

/// <summary>Three fronts in this process over one real database, that speak to each other.</summary>
public sealed class FrontsUnderContract(PostgresServers servers) : ServicesUnderContract, IAsyncLifetime
{
    private readonly OneDatabase _one = new(servers);
    private readonly List<SqlFront> _fronts = [];

    public override int Count => 3;

    public async ValueTask InitializeAsync()
    {
        _fronts.Add(await FrontOver.ListenAsync(_one.Emptied(), "n1"));
        _fronts.Add(await FrontOver.ListenAsync(_one.Opened(), "n2"));
        _fronts.Add(await FrontOver.ListenAsync(_one.Opened(), "n3"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var front in _fronts)
        {
            await front.DisposeAsync();
        }
    }

    protected override IKeyValueService Keys(int member) => _fronts[member].KeyValues;

    protected override ILeaseService Leases(int member) => _fronts[member].Leases;

    protected override IClusterService Members(int member) => _fronts[member].Cluster;
}

/// <summary>On three fronts, whichever is asked.</summary>
public sealed class FrontsContractTests(FrontsUnderContract fronts) : ContractBehaviours, IClassFixture<FrontsUnderContract>
{
    protected override IContractCluster Cluster => fronts;
}
