// Puts through fronts over PostgreSQL, one front and three, beside a member, etcd, and the same database with a transaction for each
// put; all take turns. The same over MariaDB, without the others. Then how soon a put at one front is an event at another.
//
// wrk spreads its puts over the keys, by REST; h2load puts one key, by gRPC, as it does in the comparison with etcd.

using Google.Protobuf;
using Raftd.Api.Wire;
using Raftd.Benchmarks.Etcd;
using Raftd.Benchmarks.Watchers;
using Raftd.Testing.Databases;

namespace Raftd.Benchmarks.Fronts;

internal static class FrontsBenchmark
{
    private const double FloorOverRows = 5;
    private const double FloorBesideEtcd = 0.5;
    private const int WritesPerSecond = 50;

    // So many calls are under way at once, as wrk has: h2load has four on each connection.
    private const int StreamsOfH2Load = 4;

    public static async Task RunAsync(BenchmarkOptions options, Wrk wrk)
    {
        H2Load.Require();
        Machine.RequireProgram("etcd", "etcd-server");
        using var server = PostgresServer.Start();
        Console.WriteLine("fronts over PostgreSQL, a member, etcd");
        await PutsAsync(options, wrk, server);
        await EventsAsync(options, server);
        await PutsOverMariaDbAsync(options, wrk);
        Console.WriteLine();
    }

    private static async Task PutsAsync(BenchmarkOptions options, Wrk wrk, PostgresServer server)
    {
        using var member = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "member"), options.Port + 9);
        using var etcd = await Contender.StartEtcdAsync(options, 1);
        using var one = await FrontSet.StartAsync(server, options.Port + 4, 1);
        using var three = await FrontSet.StartAsync(server, options.Port + 5, 3);
        using var rows = RowBench.WithRevisions(server, options);
        using var overwrites = RowBench.Overwriting(server, options);
        var put = EtcdClient.Frame(new PutRequest { Key = ByteString.CopyFromUtf8("key"), Value = ByteString.CopyFrom(new byte[options.ValueBytes]) });
        var calls = options.WithConnections(options.Connections / StreamsOfH2Load);
        using var front = Contender.Of("front", one.Fronts[0]);
        (string Name, Func<Task<WrkResult>> Run)[] cases =
        [
            ("a transaction each", rows.RunAsync),
            ("the same, no revision", overwrites.RunAsync),
            ("one front", () => wrk.RunAsync(one.Fronts[0], "PUT")),
            ("three fronts", () => SpreadAsync(wrk, three, options)),
            ("one member", () => wrk.RunAsync(member, "PUT")),
            ("etcd, gRPC", () => PutAsync(etcd)),
            ("one front, gRPC", () => PutAsync(front)),
        ];
        var results = await MeasureAsync(options, cases);
        FloorsOverRows(results);
        Floor("one front beside etcd", Ratio(results, "one front, gRPC", "etcd, gRPC"), FloorBesideEtcd);
        Console.WriteLine($"            one front has {Ratio(results, "one front", "one member"):0.00} of a member's puts");

        Task<WrkResult> PutAsync(Contender contender) => H2Load.RunAsync(contender, "etcdserverpb.KV/Put", put, calls);
    }

    private static async Task PutsOverMariaDbAsync(BenchmarkOptions options, Wrk wrk)
    {
        using var server = MariaDbServer.Start();
        Console.WriteLine("fronts over MariaDB");
        using var one = await FrontSet.StartAsync(server, options.Port + 4, 1);
        using var three = await FrontSet.StartAsync(server, options.Port + 5, 3);
        var rows = SlapBench.WithRevisions(server, options);
        var overwrites = SlapBench.Overwriting(server, options);
        (string Name, Func<Task<WrkResult>> Run)[] cases =
        [
            ("a transaction each", rows.RunAsync),
            ("the same, no revision", overwrites.RunAsync),
            ("one front", () => wrk.RunAsync(one.Fronts[0], "PUT")),
            ("three fronts", () => SpreadAsync(wrk, three, options)),
        ];
        FloorsOverRows(await MeasureAsync(options, cases));
    }

    /// <summary>All take turns; prints each round, and the medians.</summary>
    /// <returns>The medians.</returns>
    private static async Task<Dictionary<string, WrkResult>> MeasureAsync(BenchmarkOptions options, (string Name, Func<Task<WrkResult>> Run)[] cases)
    {
        var results = cases.ToDictionary(static each => each.Name, static _ => new List<WrkResult>(), StringComparer.Ordinal);
        foreach (var (_, run) in cases)
        {
            await run(); // warms up
        }

        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var (name, run) in cases)
            {
                results[name].Add(await run());
                Console.WriteLine($"{round}  {name,-21} {results[name][^1]}   load {Machine.LoadAverage}");
            }
        }

        var medians = results.ToDictionary(static pair => pair.Key, static pair => WrkResult.Median(pair.Value), StringComparer.Ordinal);
        foreach (var (name, _) in cases)
        {
            Console.WriteLine($"   {name,-21} {medians[name]}   median");
        }

        return medians;
    }

    /// <summary>The same connections, shared among the fronts.</summary>
    private static async Task<WrkResult> SpreadAsync(Wrk wrk, FrontSet set, BenchmarkOptions options)
    {
        var cpu = set.CpuTime;
        var shares = await Task.WhenAll(set.Fronts.Select(front =>
            wrk.RunAsync(front, "PUT", connections: options.Connections / set.Fronts.Count)));
        var sum = shares.Sum(static share => share.PerSecond);
        return new WrkResult(
            sum, shares.Average(static share => share.P50Ms), shares.Max(static share => share.P99Ms),
            (set.CpuTime - cpu).TotalMicroseconds / (sum * options.Seconds));
    }

    private static async Task EventsAsync(BenchmarkOptions options, PostgresServer server)
    {
        using (var set = await FrontSet.StartAsync(server, options.Port, 3))
        {
            await DeliverAsync(options, "at the same front", set, from: 0, to: 0);
            await DeliverAsync(options, "leader to follower", set, from: 0, to: 1);
            await DeliverAsync(options, "follower to follower", set, from: 1, to: 2);
        }

        using var unreached = await FrontSet.StartAsync(server, options.Port, 3, areReached: false);
        await DeliverAsync(options, "fronts without -raddr", unreached, from: 0, to: 1);
    }

    private static async Task DeliverAsync(BenchmarkOptions options, string name, FrontSet set, int from, int to)
    {
        List<Delivery> rounds = [];
        await using var watcher = await Subscribers.OpenAsync(set.Fronts[to].Url, 1, set.Fronts[from].Url);
        for (var round = 0; round <= options.Rounds; round++)
        {
            rounds.Add(await watcher.DeliverAsync(WritesPerSecond, TimeSpan.FromSeconds(options.Seconds)));
        }

        Console.WriteLine($"   put to event, {name,-21} {Delivery.Median(rounds[1..])}   median");
    }

    private static void FloorsOverRows(Dictionary<string, WrkResult> results)
    {
        Floor("one front over a transaction each", Ratio(results, "one front", "a transaction each"), FloorOverRows);
        Floor("three fronts over a transaction each", Ratio(results, "three fronts", "a transaction each"), FloorOverRows);
    }

    private static double Ratio(Dictionary<string, WrkResult> results, string name, string other) =>
        results[name].PerSecond / results[other].PerSecond;

    private static void Floor(string what, double ratio, double floor) => Console.WriteLine(
        $"floor       {what} {ratio:0.00} (at least {floor:0.0}: {(ratio >= floor ? "holds" : "MISSED")})");
}
