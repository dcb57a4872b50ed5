using Raftd.Benchmarks.Leases;

namespace Raftd.Benchmarks;

/// <summary>Three members on the cores of one machine: what replication costs where nothing is added.</summary>
internal static class ClusterBenchmark
{
    private const int WarmSeconds = 3;
    private const int KeptLeases = 10_000;
    private const int LeaseTtl = 3600;
    private const double KeepAliveFloor = 0.7;

    private static readonly TimeSpan PromotionLimit = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(BenchmarkOptions options, Wrk wrk)
    {
        var first = options.Port + 3;
        using var leader = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "member1"), first);
        using var follower = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "member2"), first + 1, first);
        using var third = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "member3"), first + 2, first);
        await WaitForVotersAsync(leader);
        (string Name, ServerProcess Server, string Method, string Suffix)[] cases =
        [
            ("PUT, leader", leader, "PUT", ""),
            ("PUT, follower", follower, "PUT", ""),
            ("GET, leader", leader, "GET", ""),
            ("GET, follower", follower, "GET", ""),
            ("GET, follower, stale", follower, "GET", "?level=stale"),
        ];
        var results = cases.ToDictionary(each => each.Name, _ => new List<WrkResult>(), StringComparer.Ordinal);
        foreach (var (_, server, method, suffix) in cases)
        {
            await wrk.RunAsync(server, method, suffix, WarmSeconds);
        }

        Console.WriteLine("three members on the same cores");
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var (name, server, method, suffix) in cases)
            {
                var result = await wrk.RunAsync(server, method, suffix);
                results[name].Add(result);
                Console.WriteLine($"{round}  {name,-21} {result}   load {Machine.LoadAverage}");
            }
        }

        foreach (var (name, _, _, _) in cases)
        {
            Console.WriteLine($"   {name,-21} {WrkResult.Median(results[name])}   median");
        }

        await CompareKeepAlivesAsync(options, wrk, leader, follower);
        Console.WriteLine();
    }

    /// <summary>Renewals that change nothing, and so write nothing: what remains at a follower is the way to the leader.</summary>
    private static async Task CompareKeepAlivesAsync(BenchmarkOptions options, Wrk wrk, ServerProcess leader, ServerProcess follower)
    {
        using var fleet = new LeaseFleet();
        await fleet.GrantAsync(leader.Url, "/cluster", KeptLeases, LeaseTtl);
        await fleet.RenewAsync(leader.Url);
        WrkRequest[] renewals = [.. fleet.Renewals(key: null)];
        await wrk.RunAsync(leader, renewals, WarmSeconds);
        await wrk.RunAsync(follower, renewals, WarmSeconds);
        List<WrkResult> atLeader = [];
        List<WrkResult> atFollower = [];
        var before = (await fleet.StatusAsync(leader.Url)).Applied;
        for (var round = 1; round <= options.Rounds; round++)
        {
            atLeader.Add(await wrk.RunAsync(leader, renewals));
            atFollower.Add(await wrk.RunAsync(follower, renewals));
            Console.WriteLine($"{round}  keepalive, leader     {atLeader[^1]}");
            Console.WriteLine($"{round}  keepalive, follower   {atFollower[^1]}   load {Machine.LoadAverage}");
        }

        var entries = (await fleet.StatusAsync(leader.Url)).Applied - before;
        var (here, there) = (WrkResult.Median(atLeader), WrkResult.Median(atFollower));
        var ratio = there.PerSecond / here.PerSecond;
        Console.WriteLine($"   keepalive, leader     {here}   median");
        Console.WriteLine($"   keepalive, follower   {there}   median, {entries} log entries");
        Console.WriteLine(
            $"floor       keepalives at a follower {ratio:0.00} of those at the leader "
            + $"(at least {KeepAliveFloor:0.0}: {(ratio >= KeepAliveFloor ? "holds" : "MISSED")})");
    }

    /// <summary>A member that has joined is a learner until it has caught up.</summary>
    public static async Task WaitForVotersAsync(ServerProcess leader)
    {
        using var client = new HttpClient();
        using var limit = new CancellationTokenSource(PromotionLimit);
        while (true)
        {
            var members = await client.GetStringAsync(new Uri(leader.Url + "/members"), limit.Token);
            if (!members.Contains("\"learner\":true", StringComparison.Ordinal)
                && members.Split("\"id\"").Length > 3)
            {
                return;
            }

            await Task.Delay(50, limit.Token);
        }
    }
}
