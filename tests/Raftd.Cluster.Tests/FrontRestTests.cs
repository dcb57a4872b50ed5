using Raftd.Api.Tests;
using Raftd.Api.Tests.Behaviours;
using Raftd.Cluster.Tests.Support;
using Raftd.Node.Tests.Behaviours;

namespace Raftd.Cluster.Tests;

/// <summary>On fronts in processes of their own over one PostgreSQL, each asked in turn.</summary>
[Collection<PostgresFrontsCollection>]
public sealed class PostgresListTests(PostgresFronts fronts) : ListBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(fronts.Cluster);

    public void Dispose() => fronts.ShowLogsOfAFailure();
}

[Collection<PostgresFrontsCollection>]
public sealed class PostgresKeyChangeTests(PostgresFronts fronts) : KeyChangeBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(fronts.Cluster);

    public void Dispose() => fronts.ShowLogsOfAFailure();
}

[Collection<PostgresFrontsCollection>]
public sealed class PostgresTxnTests(PostgresFronts fronts) : TxnBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(fronts.Cluster);

    public void Dispose() => fronts.ShowLogsOfAFailure();
}

[Collection<PostgresFrontsCollection>]
public sealed class PostgresWatchTests(PostgresFronts fronts) : WatchBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(fronts.Cluster);

    public void Dispose() => fronts.ShowLogsOfAFailure();
}

[Collection<PostgresFrontsCollection>]
public sealed class PostgresRouteTests(PostgresFronts fronts) : RouteBehaviours, IDisposable
{
    protected override bool AreFronts => true;

    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(fronts.Cluster);

    public void Dispose() => fronts.ShowLogsOfAFailure();
}

[Collection<PostgresFrontsCollection>]
public sealed class PostgresContractTests(PostgresFronts fronts) : ContractBehaviours, IDisposable
{
    protected override IContractCluster Cluster { get; } = new ProcessesUnderContract(fronts.Cluster);

    public void Dispose() => fronts.ShowLogsOfAFailure();
}

/// <summary>On fronts in processes of their own over one MariaDB, each asked in turn.</summary>
[Collection<MariaDbFrontsCollection>]
public sealed class MariaDbListTests(MariaDbFronts fronts) : ListBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(fronts.Cluster);

    public void Dispose() => fronts.ShowLogsOfAFailure();
}

[Collection<MariaDbFrontsCollection>]
public sealed class MariaDbKeyChangeTests(MariaDbFronts fronts) : KeyChangeBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(fronts.Cluster);

    public void Dispose() => fronts.ShowLogsOfAFailure();
}

[Collection<MariaDbFrontsCollection>]
public sealed class MariaDbTxnTests(MariaDbFronts fronts) : TxnBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(fronts.Cluster);

    public void Dispose() => fronts.ShowLogsOfAFailure();
}

[Collection<MariaDbFrontsCollection>]
public sealed class MariaDbWatchTests(MariaDbFronts fronts) : WatchBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(fronts.Cluster);

    public void Dispose() => fronts.ShowLogsOfAFailure();
}

[Collection<MariaDbFrontsCollection>]
public sealed class MariaDbRouteTests(MariaDbFronts fronts) : RouteBehaviours, IDisposable
{
    protected override bool AreFronts => true;

    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(fronts.Cluster);

    public void Dispose() => fronts.ShowLogsOfAFailure();
}

[Collection<MariaDbFrontsCollection>]
public sealed class MariaDbContractTests(MariaDbFronts fronts) : ContractBehaviours, IDisposable
{
    protected override IContractCluster Cluster { get; } = new ProcessesUnderContract(fronts.Cluster);

    public void Dispose() => fronts.ShowLogsOfAFailure();
}
