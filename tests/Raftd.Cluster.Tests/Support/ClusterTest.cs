using System.Diagnostics;
using System.Text;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests.Support;

/// <summary>A test with processes of its own. They end with it, and their logs are shown if it failed.</summary>
public abstract class ClusterTest : IAsyncLifetime
{
    private readonly long _started = Stopwatch.GetTimestamp();

    private protected Scene Scene { get; } = new();

    public virtual ValueTask InitializeAsync() => Build.EnsureAsync();

    public virtual async ValueTask DisposeAsync()
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            Print(Scene.KeepLogs());
        }

        await Scene.DisposeAsync();
        Print($"{TestContext.Current.Test?.TestDisplayName}: {Stopwatch.GetElapsedTime(_started).TotalSeconds:0.0} s");
    }

    /// <summary>Runs a command of raftd, which must succeed.</summary>
    /// <returns>Its standard output.</returns>
    private protected async Task<string> RaftdAsync(string words)
    {
        var said = await Scene.ShellAsync($"{Checkout.Launcher} {words}");
        Assert.True(said.Code == 0, $"raftd {words}: {said.Code} {said.Error}");
        return Encoding.UTF8.GetString(said.Bytes);
    }

    /// <summary>Figures worth seeing, in the output of every run.</summary>
    private protected static void Print(string line) => Console.WriteLine(line);
}
