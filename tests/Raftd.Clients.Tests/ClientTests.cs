using System.Diagnostics;

namespace Raftd.Clients.Tests;

/// <summary>Stock clients of etcd, unchanged: each case of their programs passes on every kind of servers.</summary>
public abstract class ClientTests<TServers>(TServers servers) : IClassFixture<TServers>, IAsyncDisposable
    where TServers : ClientServers
{
    [Fact]
    public Task Etcdctl_OfTheDistribution_PassesItsCases() => AllPassAsync(
        ClientProgram.Etcdctl,
        "kv", "txn", "compaction", "watch", "lease", "lock", "elect", "member", "endpoint", "alarm", "make-mirror");

    [Fact]
    public Task Clientv3_OfGo_PassesItsCases() => AllPassAsync(
        ClientProgram.Go,
        "kv", "compaction", "watch", "lease", "lease-expiry", "mutex", "election", "namespace", "mirror", "stm", "maintenance");

    [Fact]
    public Task Etcd3_OfNpm_PassesItsCases() => AllPassAsync(
        ClientProgram.Node,
        "crud", "ranges", "txn", "watch", "lease", "lease-expiry", "lock", "election", "namespace", "stm", "maintenance");

    [Fact]
    public Task Etcd3_OfPython_PassesItsCases() => AllPassAsync(
        ClientProgram.Python,
        "crud", "ranges", "txn", "compaction", "watch", "lease", "lease-expiry", "lock", "maintenance");

    /// <summary>A minute of it, so only where it is asked for: `tests/long.sh clients`.</summary>
    [Fact(Explicit = true)]
    public Task Etcdctl_CheckPerf_EndsWithItsReport() => AllPassAsync(ClientProgram.Etcdctl, "check-perf");

    public async ValueTask DisposeAsync()
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            Console.WriteLine(servers.KeepLogs());
        }

        await servers.ReadyAsync();
    }

    private protected Task AllPassAsync(ClientProgram program, params string[] cases) => RunAsync(program, cases);

    /// <returns>The run, which has passed all these cases.</returns>
    private protected async Task<ClientRun> RunAsync(ClientProgram program, params string[] cases)
    {
        Assert.SkipWhen(servers.Lacks is not null, servers.Lacks ?? "");
        var started = Stopwatch.GetTimestamp();
        var run = await ClientRun.RunAsync(program, servers, cases);
        Assert.True(
            run.ExitCode == 0 && run.Passed.ToHashSet(StringComparer.Ordinal).SetEquals(cases),
            $"{program.Client} ended with {run.ExitCode}:\n{run.Output}");
        TestContext.Current.TestOutputHelper?.WriteLine($"{Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s\n{run.Output}");
        return run;
    }
}
