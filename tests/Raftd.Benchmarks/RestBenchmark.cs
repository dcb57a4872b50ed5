namespace Raftd.Benchmarks;

/// <summary>A single member beside its limits, GET and PUT, taking turns.</summary>
internal static class RestBenchmark
{
    private const double GetFloor = 0.4;
    private const double PutFloor = 0.3;
    private const double PutsFloor = 10_000;
    private const int WarmSeconds = 3;

    public static async Task RunAsync(BenchmarkOptions options, Wrk wrk)
    {
        using var raftd = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "single"), options.Port);
        using var limitGet = await ServerProcess.StartLimitAsync("limit-get", options.DataDirectory, options.Port + 1);
        using var limitPut = await ServerProcess.StartLimitAsync("limit-put", Suite.Fresh(options, "limit"), options.Port + 2);

        // Compiles the hot paths of all of them, and writes every key.
        await wrk.RunAsync(raftd, "PUT", seconds: WarmSeconds);
        await wrk.RunAsync(limitPut, "PUT", seconds: WarmSeconds);
        await wrk.RunAsync(raftd, "GET", seconds: WarmSeconds);
        await wrk.RunAsync(limitGet, "GET", seconds: WarmSeconds);

        Console.WriteLine("single member");
        var get = await CompareAsync(options, wrk, "GET", raftd, limitGet);
        var put = await CompareAsync(options, wrk, "PUT", raftd, limitPut);
        Console.WriteLine(
            $"floors      GET {get.Ratio:0.00} of its limit (at least {GetFloor:0.0}: {Holds(get.Ratio >= GetFloor)}), "
            + $"PUT {put.Ratio:0.00} (at least {PutFloor:0.0}: {Holds(put.Ratio >= PutFloor)}), "
            + $"{put.Median.PerSecond:N0} PUT/s (at least {PutsFloor:N0}: {Holds(put.Median.PerSecond >= PutsFloor)})");
        Console.WriteLine();
    }

    private static async Task<(double Ratio, WrkResult Median)> CompareAsync(
        BenchmarkOptions options, Wrk wrk, string method, ServerProcess raftd, ServerProcess limit)
    {
        List<WrkResult> ours = [];
        List<WrkResult> limits = [];
        for (var round = 1; round <= options.Rounds; round++)
        {
            limits.Add(await wrk.RunAsync(limit, method));
            ours.Add(await wrk.RunAsync(raftd, method));
            Console.WriteLine($"{method} {round}  limit {limits[^1]}");
            Console.WriteLine($"{method} {round}  raftd {ours[^1]}   load {Machine.LoadAverage}");
        }

        var (our, theirs) = (WrkResult.Median(ours), WrkResult.Median(limits));
        Console.WriteLine($"{method}    limit {theirs}   median");
        Console.WriteLine($"{method}    raftd {our}   median, {our.PerSecond / theirs.PerSecond:0.00} of its limit");
        return (our.PerSecond / theirs.PerSecond, our);
    }

    private static string Holds(bool holds) => holds ? "holds" : "MISSED";
}
