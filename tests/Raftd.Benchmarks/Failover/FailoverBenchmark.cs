using System.Diagnostics;
using System.Globalization;
using Raftd.Benchmarks.Leases;

namespace Raftd.Benchmarks.Failover;

/// <summary>How long nothing is acknowledged when the leader dies or hands over, and how long a member with much data takes to
/// come back. Default timeouts throughout.</summary>
internal static class FailoverBenchmark
{
    private const int Deaths = 50;
    private const int Transfers = 50;
    private const int BigValueBytes = 64 << 10;
    private const int BigValues = 16 << 10; // 1 GiB of them
    private const double MedianFloor = 1.5;
    private const double WorstFloor = 3;
    private const double TransferFloor = 0.1;
    private const double RestartFloor = 3;
    private const double ReinstallFloor = 60;

    public static async Task RunAsync(BenchmarkOptions options)
    {
        Console.WriteLine("three members on the same cores, default timeouts");
        var ports = new[] { options.Port + 3, options.Port + 4, options.Port + 5 };
        var directories = ports.Select(port => Suite.Fresh(options, $"member{port}")).ToArray();
        var members = new ServerProcess[ports.Length];
        try
        {
            for (var i = 0; i < members.Length; i++)
            {
                members[i] = await ServerProcess.StartMemberAsync(directories[i], ports[i], i == 0 ? null : ports[0]);
            }

            await ClusterBenchmark.WaitForVotersAsync(members[0]);
            using var fleet = new LeaseFleet();
            await KillLeadersAsync(fleet, members, directories, ports);
            await HandOverAsync(fleet, members);
            await FillAsync(members[0]);
            await RestartAsync(members, directories, ports);
            await ReinstallAsync(fleet, members, directories, ports);
        }
        finally
        {
            foreach (var member in members)
            {
                member?.Dispose();
            }
        }

        Console.WriteLine();
    }

    private static async Task KillLeadersAsync(LeaseFleet fleet, ServerProcess[] members, string[] directories, int[] ports)
    {
        List<double> pauses = [];
        for (var death = 0; death < Deaths; death++)
        {
            var leader = await LeaderAsync(fleet, members);
            var survivors = members.Where((_, i) => i != leader).Select(member => member.Url).ToArray();
            await using var acks = new AckStream(survivors);
            await acks.MoreAsync(100);
            acks.Forget();
            members[leader].Kill();
            await acks.MoreAsync(20);
            pauses.Add(acks.LongestPause.TotalSeconds);
            members[leader].Dispose();
            members[leader] = await ServerProcess.StartMemberAsync(directories[leader], ports[leader]);
        }

        var median = Statistics.Median(pauses);
        Console.WriteLine(
            $"leader killed {Deaths} times: nothing acknowledged for {median:0.00} s median (up to {MedianFloor} s: {Holds(median <= MedianFloor)}), "
            + $"{pauses.Max():0.00} s at worst (up to {WorstFloor} s: {Holds(pauses.Max() <= WorstFloor)})   load {Machine.LoadAverage}");
    }

    private static async Task HandOverAsync(LeaseFleet fleet, ServerProcess[] members)
    {
        List<double> pauses = [];
        for (var transfer = 0; transfer < Transfers; transfer++)
        {
            var leader = await LeaderAsync(fleet, members);
            var to = members[(leader + 1) % members.Length];
            await using var acks = new AckStream([.. members.Select(member => member.Url)]);
            await acks.MoreAsync(100);
            acks.Forget();
            await fleet.OkAsync(HttpMethod.Post, $"{to.Url}/leader/transfer?to={to.Label}");
            await acks.MoreAsync(100);
            pauses.Add(acks.LongestPause.TotalSeconds);
        }

        var median = Statistics.Median(pauses);
        Console.WriteLine(
            $"leadership handed over {Transfers} times: nothing acknowledged for {median * 1000:0} ms median "
            + $"(up to {TransferFloor * 1000:0} ms: {Holds(median <= TransferFloor)}), {pauses.Max() * 1000:0} ms at worst   load {Machine.LoadAverage}");
    }

    private static async Task FillAsync(ServerProcess member)
    {
        using var client = new HttpClient();
        var value = new byte[BigValueBytes];
        new Random(1).NextBytes(value);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, BigValues), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, stop) =>
            {
                using var body = new ByteArrayContent(value);
                var target = string.Create(CultureInfo.InvariantCulture, $"{member.Url}/key/big/{number}");
                using var answer = await client.PutAsync(new Uri(target), body, stop);
                answer.EnsureSuccessStatusCode();
            });
    }

    /// <summary>Killed right behind the last write: its log has a tail that the state does not have yet.</summary>
    private static async Task RestartAsync(ServerProcess[] members, string[] directories, int[] ports)
    {
        members[2].Kill();
        members[2].Dispose();
        var bytes = new DirectoryInfo(directories[2]).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        members[2] = await ServerProcess.StartMemberAsync(directories[2], ports[2]);
        var seconds = members[2].TimeToReady.TotalSeconds;
        Console.WriteLine(
            $"a member with 1 GiB of values started after kill -9 ({bytes >> 20} MiB on disk): ready after {seconds:0.00} s "
            + $"(up to {RestartFloor} s: {Holds(seconds <= RestartFloor)})   load {Machine.LoadAverage}");
    }

    private static async Task ReinstallAsync(LeaseFleet fleet, ServerProcess[] members, string[] directories, int[] ports)
    {
        members[2].Dispose();
        await fleet.OkAsync(HttpMethod.Delete, $"{members[0].Url}/members/{members[2].Label}");
        Directory.Delete(directories[2], recursive: true);
        var started = Stopwatch.GetTimestamp();
        members[2] = await ServerProcess.StartMemberAsync(directories[2], ports[2], ports[0]);
        await ClusterBenchmark.WaitForVotersAsync(members[0]);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine(
            $"the same member reinstalled by a snapshot: votes after {seconds:0.0} s "
            + $"(up to {ReinstallFloor} s: {Holds(seconds <= ReinstallFloor)})   load {Machine.LoadAverage}");
    }

    private static async Task<int> LeaderAsync(LeaseFleet fleet, ServerProcess[] members)
    {
        while (true)
        {
            for (var i = 0; i < members.Length; i++)
            {
                if (await fleet.RoleAsync(members[i].Url) == "leader")
                {
                    return i;
                }
            }

            await Task.Delay(20);
        }
    }

    private static string Holds(bool holds) => holds ? "holds" : "MISSED";
}
