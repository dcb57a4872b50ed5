// What leases cost: their calls, their memory, many that end together, and a leader that takes them over.
//
// How leases are made to end in one moment: a new leader counts from the moment of its own promotion. So leases that
// no client has used since (they have max(TTL, 60 s)) all end together, that long after a restart or a hand-over.

using System.Diagnostics;

namespace Raftd.Benchmarks.Leases;

internal static class LeaseBenchmark
{
    private const int CallLeases = 10_000;
    private const int ManyLeases = 200_000;
    private const int StormLeases = 100_000;
    private const int LongTtl = 3600;
    private const int StormTtl = 60;
    private const int StormPutSeconds = 15;
    private const string Key = "nodeinfo";

    private static readonly TimeSpan RenewalInterval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan SteadyTime = TimeSpan.FromSeconds(60);

    /// <summary>What a burst has left in memory is given back when a member has rested for 10 s.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(BenchmarkOptions options, Wrk wrk)
    {
        Console.WriteLine("leases of a single member");
        await CallsAsync(options, wrk);
        await SteadyAsync(options);
        await MemoryAsync(options, wrk);
        await StormAsync(options, wrk);
        Console.WriteLine("leases of three members on the same cores");
        await ClusterAsync(options, wrk);
        Console.WriteLine();
    }

    private static async Task CallsAsync(BenchmarkOptions options, Wrk wrk)
    {
        using var member = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "lease-calls"), options.Port + 9);
        using var fleet = new LeaseFleet();
        await fleet.GrantAsync(member.Url, "/calls", CallLeases, LongTtl);
        await fleet.RenewAsync(member.Url, Key);
        var grants = Enumerable.Range(0, CallLeases).Select(i => new WrkRequest("POST", $"/lease/grant?ttl={LongTtl}&name=/granted/{i}")).ToArray();
        await MeasureAsync("grant", grants);
        await MeasureAsync("keepalive", [.. fleet.Renewals(key: null)]);
        await MeasureAsync("keepalive, key and data", [.. fleet.Renewals(Key)]);

        async Task MeasureAsync(string name, WrkRequest[] requests)
        {
            List<WrkResult> results = [];
            var before = (await fleet.StatusAsync(member.Url)).Applied;
            for (var round = 1; round <= options.Rounds; round++)
            {
                results.Add(await wrk.RunAsync(member, requests));
            }

            var entries = (await fleet.StatusAsync(member.Url)).Applied - before;
            Console.WriteLine($"{name,-24} {WrkResult.Median(results)}   {entries} log entries   load {Machine.LoadAverage}");
        }
    }

    /// <summary>Services that renew in time, with nothing new to say.</summary>
    private static async Task SteadyAsync(BenchmarkOptions options)
    {
        using var member = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "lease-steady"), options.Port + 9);
        using var fleet = new LeaseFleet();
        await fleet.GrantAsync(member.Url, "/steady", CallLeases, 10);
        await fleet.RenewAsync(member.Url, Key);
        await fleet.KeepAliveAsync(member.Url, Key, RenewalInterval, 3 * RenewalInterval);
        var (entries, cpu) = ((await fleet.StatusAsync(member.Url)).Applied, member.CpuTime);
        var renewals = await fleet.KeepAliveAsync(member.Url, Key, RenewalInterval, SteadyTime);
        entries = (await fleet.StatusAsync(member.Url)).Applied - entries;
        Console.WriteLine(
            $"{CallLeases:N0} renewed every {RenewalInterval.TotalSeconds} s for {SteadyTime.TotalSeconds} s: {renewals:N0} renewals, "
            + $"{entries} log entries, "
            + $"{(member.CpuTime - cpu) / SteadyTime * 100:0} % of a core   load {Machine.LoadAverage}");
    }

    private static async Task MemoryAsync(BenchmarkOptions options, Wrk wrk)
    {
        using var member = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "lease-memory"), options.Port + 9);
        using var fleet = new LeaseFleet();
        await Task.Delay(SettleTime);
        var (resident, own) = Memory();
        Console.WriteLine($"memory without leases    {resident:0} MB resident, {own:0} MB of them its own");
        await fleet.GrantAsync(member.Url, "/memory", ManyLeases, LongTtl);
        await fleet.RenewAsync(member.Url);
        await ReportAsync($"{ManyLeases:N0} leases");
        await fleet.RenewAsync(member.Url, Key);
        await ReportAsync("and a key of 80 bytes each");
        await ListAsync("/leases?prefix=/memory/012345", "list of 10 by prefix");
        await ListAsync($"/lease/kv/{Key}?prefix=/memory/0123456", "look-up of a key by name");

        (double Resident, double Own) Memory() => (member.MemoryMegabytes("VmRSS"), member.MemoryMegabytes("RssAnon"));

        async Task ReportAsync(string what)
        {
            await Task.Delay(SettleTime);
            var now = Memory();
            Console.WriteLine(
                $"memory, {what}: {now.Resident:0} MB resident, {now.Own:0} MB of them its own, "
                + $"{(now.Own - own) * (1 << 20) / ManyLeases:0} bytes for each lease");
        }

        async Task ListAsync(string target, string what) =>
            Console.WriteLine($"{what,-24} {await wrk.RunAsync(member, [new WrkRequest("GET", target)])}");
    }

    private static async Task StormAsync(BenchmarkOptions options, Wrk wrk)
    {
        var directory = Suite.Fresh(options, "lease-storm");
        using var fleet = new LeaseFleet();
        using (var before = await ServerProcess.StartMemberAsync(directory, options.Port + 9))
        {
            await fleet.GrantAsync(before.Url, "/storm", StormLeases, StormTtl);
        }

        var due = Stopwatch.GetTimestamp() + (StormTtl * Stopwatch.Frequency);
        using var member = await ServerProcess.StartMemberAsync(directory, options.Port + 9);
        await MeetAsync(fleet, wrk, member, due);
    }

    /// <summary>PUT without pause, before the leases are due and while they end.</summary>
    private static async Task MeetAsync(LeaseFleet fleet, Wrk wrk, ServerProcess leader, long due)
    {
        await UntilAsync(due, -10);
        Console.WriteLine($"PUT before the storm     {await wrk.RunAsync(leader, "PUT")}");
        var term = (await fleet.StatusAsync(leader.Url)).Term;
        await UntilAsync(due, -1);
        var drain = DrainAsync(fleet, leader.Url);
        Console.WriteLine($"PUT while {StormLeases:N0} end    {await wrk.RunAsync(leader, "PUT", seconds: StormPutSeconds)}");
        Console.WriteLine(
            $"from the first end to the last {(await drain).TotalSeconds:0.0} s; term {term} before and "
            + $"{(await fleet.StatusAsync(leader.Url)).Term} after   load {Machine.LoadAverage}");
    }

    private static async Task ClusterAsync(BenchmarkOptions options, Wrk wrk)
    {
        var first = options.Port + 3;
        using var one = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "member1"), first);
        using var two = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "member2"), first + 1, first);
        using var three = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "member3"), first + 2, first);
        await ClusterBenchmark.WaitForVotersAsync(one);
        using var many = new LeaseFleet();
        await many.GrantAsync(one.Url, "/many", ManyLeases, LongTtl);
        await many.RenewAsync(one.Url);
        await HandOverAsync(two);
        var put = many.UntilOkAsync(HttpMethod.Put, two.Url + "/key/handed-over");
        var renewal = many.UntilOkAsync(HttpMethod.Post, $"{two.Url}/lease/keepalive/{many.Ids[^1]}");
        Console.WriteLine(
            $"leadership handed over with {ManyLeases:N0} leases: first PUT after {(await put).TotalMilliseconds:0} ms, "
            + $"first renewal of the lease that comes last after {(await renewal).TotalMilliseconds:0} ms");

        using var storm = new LeaseFleet();
        await storm.GrantAsync(two.Url, "/storm", StormLeases, StormTtl);
        await HandOverAsync(one);
        await MeetAsync(storm, wrk, one, Stopwatch.GetTimestamp() + (StormTtl * Stopwatch.Frequency));

        await storm.GrantAsync(one.Url, "/storm", StormLeases, StormTtl);
        await HandOverAsync(two);
        var due = Stopwatch.GetTimestamp() + (StormTtl * Stopwatch.Frequency);
        var term = (await storm.StatusAsync(two.Url)).Term;
        await UntilAsync(due, 1);
        two.Kill();
        var first200 = await storm.UntilOkAsync(HttpMethod.Put, one.Url + "/key/after-the-kill");
        Console.WriteLine(
            $"leader killed 1 s into a storm: first PUT after {first200.TotalSeconds:0.0} s; "
            + $"term {term} before and {(await storm.StatusAsync(one.Url)).Term} after");

        async Task HandOverAsync(ServerProcess to)
        {
            await many.OkAsync(HttpMethod.Post, $"{to.Url}/leader/transfer?to={to.Label}");
        }
    }

    /// <summary>From the end of the lease that is taken in first to that of the one that is taken in last.</summary>
    private static async Task<TimeSpan> DrainAsync(LeaseFleet fleet, string url)
    {
        await EndAsync(0);
        var began = Stopwatch.GetTimestamp();
        await EndAsync(fleet.Ids.Length - 1);
        return Stopwatch.GetElapsedTime(began);

        async Task EndAsync(int i)
        {
            while (await fleet.LivesAsync(url, i))
            {
                await Task.Delay(20);
            }
        }
    }

    private static async Task UntilAsync(long due, int seconds)
    {
        var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) + TimeSpan.FromSeconds(seconds);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left);
        }
    }
}
