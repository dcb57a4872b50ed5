namespace Raftd.Benchmarks;

/// <summary>What a member costs that has nothing to do: the time to start with data, memory and CPU at rest.</summary>
internal static class RestingBenchmark
{
    private const double StartFloorSeconds = 1.5;
    private const double MemoryFloorMegabytes = 120;
    private const double CpuFloorPercent = 1;
    private const int FillSeconds = 3;

    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    // After a start the runtime compiles what was used often, and what a burst left in memory is given back after 10 s.
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(20);

    public static async Task StartAsync(BenchmarkOptions options, Wrk wrk)
    {
        var directory = Suite.Fresh(options, "startup");
        double revisions;
        using (var member = await ServerProcess.StartMemberAsync(directory, options.Port + 7))
        {
            revisions = (await wrk.RunAsync(member, "PUT", seconds: FillSeconds)).PerSecond * FillSeconds;
        }

        List<double> times = [];
        Console.WriteLine($"start of a member with about {revisions:N0} revisions of {options.Keys:N0} keys, exec to 200 of /readyz");
        for (var round = 1; round <= options.Rounds; round++)
        {
            using var member = await ServerProcess.StartMemberAsync(directory, options.Port + 7);
            times.Add(member.TimeToReady.TotalSeconds);
            Console.WriteLine($"start {round}     {times[^1]:0.000} s   load {Machine.LoadAverage}");
        }

        var median = Statistics.Median(times);
        Console.WriteLine($"start       {median:0.000} s median (under {StartFloorSeconds} s: {Holds(median < StartFloorSeconds)})");
        Console.WriteLine();
    }

    public static async Task IdleAsync(BenchmarkOptions options, Wrk wrk)
    {
        var directory = Suite.Fresh(options, "idle");
        Console.WriteLine($"a member at rest, {SettleTime.TotalSeconds} s after it started or its load ended");
        using (var empty = await ServerProcess.StartMemberAsync(directory, options.Port + 8))
        {
            await ReportAsync("started empty", empty);
            await wrk.RunAsync(empty, "PUT", seconds: FillSeconds);
            await wrk.RunAsync(empty, "GET", seconds: FillSeconds);
            Console.WriteLine($"right after load       {Memory(empty)}");
            await ReportAsync("after load", empty);
        }

        using var restarted = await ServerProcess.StartMemberAsync(directory, options.Port + 8);
        await ReportAsync("started with data", restarted);
        Console.WriteLine();
    }

    private static async Task ReportAsync(string when, ServerProcess member)
    {
        await Task.Delay(SettleTime);
        var before = member.CpuTime;
        await Task.Delay(IdleTime);
        var percent = (member.CpuTime - before) / IdleTime * 100;
        Console.WriteLine(
            $"{when,-21}  {Memory(member)} (under {MemoryFloorMegabytes} MB: "
            + $"{Holds(member.MemoryMegabytes("VmRSS") < MemoryFloorMegabytes)}), CPU {percent:0.0} % of a core over {IdleTime.TotalSeconds} s "
            + $"(under {CpuFloorPercent} %: {Holds(percent < CpuFloorPercent)})   load {Machine.LoadAverage}");
    }

    private static string Memory(ServerProcess member) =>
        $"{member.MemoryMegabytes("VmRSS"),4:0} MB resident, {member.MemoryMegabytes("RssAnon"):0} MB of them its own";

    private static string Holds(bool holds) => holds ? "holds" : "MISSED";
}
