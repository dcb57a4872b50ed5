namespace Raftd.Cluster.Tests.Support;

/// <summary>Three members for tests that neither end nor damage one.</summary>
public sealed class SharedCluster : IAsyncLifetime
{
    internal Scene Scene { get; } = new();

    internal TestCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Build.EnsureAsync();
        try
        {
            Cluster = await TestCluster.StartAsync(Scene, 3);
        }
        catch
        {
            Console.WriteLine(Scene.KeepLogs());
            throw;
        }
    }

    /// <summary>To be called when a test has ended.</summary>
    internal void ShowLogsOfAFailure()
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            Console.WriteLine(Scene.KeepLogs());
        }
    }

    public ValueTask DisposeAsync() => Scene.DisposeAsync();
}
