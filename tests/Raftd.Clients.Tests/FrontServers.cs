using Raftd.Cluster.Tests.Support;

namespace Raftd.Clients.Tests;

/// <summary>Fronts of one database, in clear text.</summary>
public abstract class FrontServers(Deployment deployment) : RaftdServers
{
    private protected override Task<TestCluster> StartClusterAsync() => Deployments.StartAsync(Scene, deployment);
}

public sealed class PostgresFronts() : FrontServers(Deployment.PostgresFronts);

/// <summary>A front that was killed stays in the list of members for a minute, so tests that count them have others.</summary>
public sealed class MortalFronts() : FrontServers(Deployment.PostgresFronts);

public sealed class MariaDbFronts() : FrontServers(Deployment.MariaDbFronts);
