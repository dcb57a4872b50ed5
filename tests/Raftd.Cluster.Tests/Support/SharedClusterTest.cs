namespace Raftd.Cluster.Tests.Support;

/// <summary>A test on the cluster that several share: it uses keys of its own, and leaves every member running.</summary>
[Collection<SharedClusterCollection>]
public abstract class SharedClusterTest(SharedCluster shared) : IAsyncDisposable
{
    private protected Scene Scene => shared.Scene;

    private protected TestCluster Cluster => shared.Cluster;

    public ValueTask DisposeAsync()
    {
        shared.ShowLogsOfAFailure();
        return ValueTask.CompletedTask;
    }
}
