namespace Raftd.Cluster.Tests.Support;

/// <summary>Fronts for tests that neither end nor damage one: the bodies that members run.</summary>
public abstract class SharedFronts(Deployment deployment) : IAsyncLifetime
{
    private readonly Scene _scene = new();

    internal TestCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Build.EnsureAsync();
        try
        {
            Cluster = await Deployments.StartAsync(_scene, deployment);
        }
        catch
        {
            Console.WriteLine(_scene.KeepLogs());
            throw;
        }
    }

    /// <summary>To be called when a test has ended.</summary>
    internal void ShowLogsOfAFailure()
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            Console.WriteLine(_scene.KeepLogs());
        }
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _scene.DisposeAsync();
    }
}

public sealed class PostgresFronts() : SharedFronts(Deployment.PostgresFronts);

public sealed class MariaDbFronts() : SharedFronts(Deployment.MariaDbFronts);

[CollectionDefinition]
public sealed class MariaDbFrontsCollection : ICollectionFixture<MariaDbFronts>;

[CollectionDefinition]
public sealed class PostgresFrontsCollection : ICollectionFixture<PostgresFronts>;
