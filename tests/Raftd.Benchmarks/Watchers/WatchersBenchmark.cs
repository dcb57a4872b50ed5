// A thousand watchers over Server-Sent Events: what they cost the writers beside them, the member's memory, and how soon each
// has its event.

using Raftd.Benchmarks.Greedy;

namespace Raftd.Benchmarks.Watchers;

internal static class WatchersBenchmark
{
    private const int Watchers = 1000;

    /// <summary>Of the key that all of them watch: so ten thousand events a second leave the member.</summary>
    private const int WritesPerSecond = 10;

    public static async Task RunAsync(BenchmarkOptions options, Wrk wrk)
    {
        using var member = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "watchers"), options.Port + 9);
        var (alone, watched) = await OpenAsync(member);
        await wrk.RunAsync(member, "PUT"); // warms up
        var time = TimeSpan.FromSeconds(options.Seconds);
        List<WrkResult> without = [], silent = [], beside = [];
        List<Delivery> quiet = [], busy = [];
        using var memory = new MemoryWatch(member);
        for (var round = 1; round <= options.Rounds; round++)
        {
            without.Add(await wrk.RunAsync(member, "PUT"));
            await using var subscribers = await Subscribers.OpenAsync(member.Url, Watchers);
            silent.Add(await wrk.RunAsync(member, "PUT"));
            quiet.Add(await subscribers.DeliverAsync(WritesPerSecond, time));
            var puts = wrk.RunAsync(member, "PUT");
            busy.Add(await subscribers.DeliverAsync(WritesPerSecond, time));
            beside.Add(await puts);
            Console.WriteLine($"{round}  PUT without watchers       {without[^1]}   load {Machine.LoadAverage}");
            Console.WriteLine($"{round}  beside {Watchers:N0} silent ones   {silent[^1]}");
            Console.WriteLine($"{round}  while they are told        {beside[^1]}");
            Console.WriteLine($"{round}  events, nothing beside     {quiet[^1]}");
            Console.WriteLine($"{round}  events, beside the PUTs    {busy[^1]}");
        }

        Console.WriteLine($"   PUT without watchers       {WrkResult.Median(without)}   median");
        Console.WriteLine($"   beside {Watchers:N0} silent ones   {WrkResult.Median(silent)}   median");
        Console.WriteLine($"   while they are told        {WrkResult.Median(beside)}   median");
        Console.WriteLine($"   events, nothing beside     {Delivery.Median(quiet)}   median");
        Console.WriteLine($"   events, beside the PUTs    {Delivery.Median(busy)}   median");
        Console.WriteLine(
            $"   resident: {alone:0} MB when just started, {watched:0} MB with {Watchers:N0} watchers then, at most {memory.MaxMegabytes:0} MB in all that   "
            + $"load {Machine.LoadAverage}");
        Console.WriteLine();
    }

    /// <returns>Megabytes of a member that has done nothing else yet, without watchers and with them.</returns>
    private static async Task<(double Alone, double Watched)> OpenAsync(ServerProcess member)
    {
        var alone = member.MemoryMegabytes("VmRSS");
        await using var subscribers = await Subscribers.OpenAsync(member.Url, Watchers);
        return (alone, member.MemoryMegabytes("VmRSS"));
    }
}
