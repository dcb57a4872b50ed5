using System.Diagnostics;
using Raftd.Benchmarks.Backups;
using Raftd.Benchmarks.Etcd;
using Raftd.Benchmarks.Failover;
using Raftd.Benchmarks.Fronts;
using Raftd.Benchmarks.Greedy;
using Raftd.Benchmarks.Leases;
using Raftd.Benchmarks.Space;
using Raftd.Benchmarks.Watchers;
using Raftd.Testing.Processes;

namespace Raftd.Benchmarks;

/// <summary>The modes: what is started, and in which order it is measured.</summary>
internal static class Suite
{
    public static async Task RunAsync(BenchmarkOptions options)
    {
        Wrk.Require();
        await BuildAsync();
        Machine.RequireDisk(options.DataDirectory);
        Machine.Print(options);
        using var wrk = new Wrk(options);
        try
        {
            foreach (var (mode, run) in Modes(options, wrk))
            {
                if (options.Mode == "all" || options.Mode == mode)
                {
                    await run();
                }
            }

            Console.WriteLine($"load        {Machine.LoadAverage} at the end");
        }
        finally
        {
            Directory.Delete(options.DataDirectory, recursive: true);
        }
    }

    private static IEnumerable<(string Mode, Func<Task> Run)> Modes(BenchmarkOptions options, Wrk wrk) =>
    [
        ("rest", () => RestBenchmark.RunAsync(options, wrk)),
        ("cluster", () => ClusterBenchmark.RunAsync(options, wrk)),
        ("etcd", () => EtcdBenchmark.RunAsync(options)),
        ("leases", () => LeaseBenchmark.RunAsync(options, wrk)),
        ("lease-keys", () => LeaseKeysBenchmark.RunAsync(options)),
        ("failover", () => FailoverBenchmark.RunAsync(options)),
        ("startup", () => RestingBenchmark.StartAsync(options, wrk)),
        ("idle", () => RestingBenchmark.IdleAsync(options, wrk)),
        ("space", () => SpaceBenchmark.RunAsync(options)),
        ("greedy", () => GreedyBenchmark.RunAsync(options)),
        ("watchers", () => WatchersBenchmark.RunAsync(options, wrk)),
        ("backup", () => BackupBenchmark.RunAsync(options, wrk)),
        ("fronts", () => FrontsBenchmark.RunAsync(options, wrk)),
        ("front-scale", () => FrontScaleBenchmark.RunAsync(options)),
    ];

    /// <summary>A fresh directory for one server.</summary>
    public static string Fresh(BenchmarkOptions options, string name)
    {
        var directory = Path.Combine(options.DataDirectory, name);
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }

        return directory;
    }

    private static async Task BuildAsync()
    {
        var build = await Subprocess.RunAsync(
            new ProcessStartInfo(Checkout.Launcher) { Environment = { ["RAFTD_BUILD_ONLY"] = "1" } });
        if (build.Code != 0)
        {
            throw new BenchmarkException($"./raftd cannot be built: {build}");
        }
    }
}
