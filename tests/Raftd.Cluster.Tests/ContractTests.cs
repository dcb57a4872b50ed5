using Raftd.Cluster.Tests.Support;
using Raftd.Node.Tests.Behaviours;

namespace Raftd.Cluster.Tests;

/// <summary>On three members in processes of their own, asked over REST.</summary>
[Collection<SharedClusterCollection>]
public sealed class ContractTests(SharedCluster shared) : ContractBehaviours, IDisposable
{
    protected override IContractCluster Cluster { get; } = new ProcessesUnderContract(shared.Cluster);

    public void Dispose() => shared.ShowLogsOfAFailure();
}
