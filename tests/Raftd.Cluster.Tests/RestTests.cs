using Raftd.Api.Tests;
using Raftd.Api.Tests.Behaviours;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests;

/// <summary>On three members in processes of their own, each asked in turn.</summary>
[Collection<SharedClusterCollection>]
public sealed class ListTests(SharedCluster shared) : ListBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(shared.Cluster);

    public void Dispose() => shared.ShowLogsOfAFailure();
}

[Collection<SharedClusterCollection>]
public sealed class KeyChangeTests(SharedCluster shared) : KeyChangeBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(shared.Cluster);

    public void Dispose() => shared.ShowLogsOfAFailure();
}

[Collection<SharedClusterCollection>]
public sealed class TxnTests(SharedCluster shared) : TxnBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(shared.Cluster);

    public void Dispose() => shared.ShowLogsOfAFailure();
}

[Collection<SharedClusterCollection>]
public sealed class WatchTests(SharedCluster shared) : WatchBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(shared.Cluster);

    public void Dispose() => shared.ShowLogsOfAFailure();
}

[Collection<SharedClusterCollection>]
public sealed class RouteTests(SharedCluster shared) : RouteBehaviours, IDisposable
{
    protected override IReadOnlyList<IApiHost> Members { get; } = MemberAsHost.AllOf(shared.Cluster);

    public void Dispose() => shared.ShowLogsOfAFailure();
}
