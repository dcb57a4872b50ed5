// What raftd costs beside the machine's limits, measured in one run. docs/performance.md says how to read it.
//
//   dotnet run -c Release --project tests/Raftd.Benchmarks -- [rest|cluster|etcd|leases|lease-keys|failover|startup|idle|greedy|space|watchers|backup|fronts|front-scale|all] [--rounds 5] …
//
// The limits are child processes of this program: the same Kestrel with nothing behind it (limit-get), and with a group
// commit over the real log on the same disk (limit-put). raftd and its limit take turns, so that a noisy neighbour or a
// warm disk does not favour one of them.

using Raftd.Benchmarks;
using Raftd.Benchmarks.Limits;

try
{
    var options = BenchmarkOptions.Parse(args);
    switch (options.Mode)
    {
        case "limit-get":
            await LimitServer.RunGetAsync(options.Port);
            break;
        case "limit-put":
            await LimitServer.RunPutAsync(options.Port, options.DataDirectory);
            break;
        default:
            await Suite.RunAsync(options);
            break;
    }

    return 0;
}
catch (BenchmarkException problem)
{
    await Console.Error.WriteLineAsync($"benchmarks: {problem.Message}");
    return 1;
}
