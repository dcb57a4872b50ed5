namespace Raftd.Node.Tests.Behaviours;

/// <summary>On two members in this process, asked by the services that the REST face stands on.</summary>
public sealed class ContractTests(NodesUnderContract nodes) : ContractBehaviours, IClassFixture<NodesUnderContract>
{
    protected override IContractCluster Cluster => nodes;
}
