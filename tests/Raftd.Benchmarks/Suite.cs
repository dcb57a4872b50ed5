using System.Diagnostics;
using Raftd.Benchmarks.Failover;
using Raftd.Benchmarks.Greedy;
using Raftd.Benchmarks.Leases;
using Raftd.Benchmarks.Space;
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
            var all = options.Mode == "all";
            if (all || options.Mode == "rest")
            {
                await RestBenchmark.RunAsync(options, wrk);
            }

            if (all || options.Mode == "cluster")
            {
                await ClusterBenchmark.RunAsync(options, wrk);
            }

            if (all || options.Mode == "leases")
            {
                await LeaseBenchmark.RunAsync(options, wrk);
            }

            if (all || options.Mode == "lease-keys")
            {
                await LeaseKeysBenchmark.RunAsync(options);
            }

            if (all || options.Mode == "failover")
            {
                await FailoverBenchmark.RunAsync(options);
            }

            if (all || options.Mode == "startup")
            {
                await RestingBenchmark.StartAsync(options, wrk);
            }

            if (all || options.Mode == "idle")
            {
                await RestingBenchmark.IdleAsync(options, wrk);
            }

            if (all || options.Mode == "space")
            {
                await SpaceBenchmark.RunAsync(options);
            }

            if (all || options.Mode == "greedy")
            {
                await GreedyBenchmark.RunAsync(options);
            }

            Console.WriteLine($"load        {Machine.LoadAverage} at the end");
        }
        finally
        {
            Directory.Delete(options.DataDirectory, recursive: true);
        }
    }

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
