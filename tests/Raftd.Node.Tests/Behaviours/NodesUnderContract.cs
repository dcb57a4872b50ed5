using Raftd.Contract;

namespace Raftd.Node.Tests.Behaviours;

/// <summary>Two members in this process, on loopback.</summary>
public sealed class NodesUnderContract : ServicesUnderContract, IAsyncLifetime
{
    private TwoNodes _nodes = null!;

    public override int Count => 2;

    public async ValueTask InitializeAsync() =>
        _nodes = await TwoNodes.StartAsync(requestTimeLimit: TimeSpan.FromSeconds(20), secondsElectionTimeout: TwoNodes.ElectionTimeout);

    public ValueTask DisposeAsync() => _nodes.DisposeAsync();

    protected override IKeyValueService Keys(int member) => Node(member).KeyValues;

    protected override ILeaseService Leases(int member) => Node(member).Leases;

    protected override IClusterService Members(int member) => Node(member).Cluster;

    private RaftdNode Node(int member) => member == 0 ? _nodes.First : _nodes.Second;
}
