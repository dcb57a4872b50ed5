using System.Diagnostics;

namespace Raftd.Clients.Tests;

/// <summary>Runs programs against servers that the tests of a class share. All of them run when a test has ended.</summary>
public abstract class ClientTest<TServers>(TServers servers) : IClassFixture<TServers>, IAsyncDisposable
    where TServers : ClientServers
{
    private protected TServers Servers => servers;

    public async ValueTask DisposeAsync()
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            Console.WriteLine(servers.KeepLogs());
        }

        await servers.ReadyAsync();
    }

    private protected Task AllPassAsync(ClientProgram program, params string[] cases) => RunAsync(program, cases);

    private protected async Task SurvivesAsync(ClientProgram program) => Assert.True((await RunAsync(program, "leader-death")).Requests > 0);

    /// <returns>The run, which has passed all these cases.</returns>
    private protected async Task<ClientRun> RunAsync(ClientProgram program, params string[] cases)
    {
        Assert.SkipWhen(servers.Lacks is not null, servers.Lacks ?? "");
        var started = Stopwatch.GetTimestamp();
        var run = await ClientRun.RunAsync(program, servers, cases);
        Assert.True(
            run.ExitCode == 0 && run.Passed.ToHashSet(StringComparer.Ordinal).SetEquals(cases),
            $"{program.Client} ended with {run.ExitCode}: {string.Join("; ", run.Failed)}\nIt wrote:\n{run.Output}");
        TestContext.Current.TestOutputHelper?.WriteLine($"{Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s\n{run.Output}");
        return run;
    }
}
