// Many keys, watchers and leases at three fronts: what the fronts keep in memory, and how much they ask of their database.

using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Raftd.Api.Wire;
using Raftd.Benchmarks.Etcd;
using Raftd.Benchmarks.Leases;
using Raftd.Testing.Databases;
using Raftd.Testing.Http;

namespace Raftd.Benchmarks.Fronts;

internal static class FrontScaleBenchmark
{
    private const int Keys = 500_000;
    private const int Watches = 10_000;
    private const int WatchesOfAStream = 100;
    private const int Leases = 20_000;
    private const int LeaseTtl = 10;
    private const string LeaseKey = "nodeinfo";

    private static readonly TimeSpan RenewalInterval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(15);

    public static async Task RunAsync(BenchmarkOptions options)
    {
        using var server = PostgresServer.Start();
        using var set = await FrontSet.StartAsync(server, options.Port, 3);
        Console.WriteLine("many keys, watchers and leases at three fronts over PostgreSQL");
        await ReportAsync(server, set, "nothing yet", static () => Task.Delay(Span));
        await ReportAsync(server, set, $"{Keys:N0} keys are written", () => Streams.FillAsync(set.Fronts[0].Url, Keys));
        await ReportAsync(server, set, "and nothing is asked", static () => Task.Delay(Span));
        List<IDisposable> watching = [];
        foreach (var front in set.Fronts)
        {
            watching.Add(await WatchAsync(front, Watches / set.Fronts.Count));
        }

        await ReportAsync(server, set, $"{Watches:N0} watches stand", static () => Task.Delay(Span));
        var fleets = set.Fronts.Select(static _ => new LeaseFleet()).ToArray();
        await Task.WhenAll(fleets.Select(async (fleet, number) =>
        {
            await fleet.GrantAsync(set.Fronts[number].Url, $"/scale/{number}", Leases / fleets.Length, LeaseTtl * 6);
            await fleet.RenewAsync(set.Fronts[number].Url, LeaseKey);
        }));
        var (renewals, began) = (0L, Stopwatch.GetTimestamp());
        await ReportAsync(server, set, $"{Leases:N0} leases are renewed", async () => renewals = (await Task.WhenAll(fleets.Select(
            (fleet, number) => fleet.KeepAliveAsync(set.Fronts[number].Url, LeaseKey, RenewalInterval, Span)))).Sum());
        Console.WriteLine($"   {renewals / Stopwatch.GetElapsedTime(began).TotalSeconds:N0} renewals a second   load {Machine.LoadAverage}");
        foreach (var open in watching.Concat(fleets))
        {
            open.Dispose();
        }

        Console.WriteLine();
    }

    private static async Task ReportAsync(PostgresServer server, FrontSet set, string what, Func<Task> act)
    {
        var (began, cpu, transactions) = (Stopwatch.GetTimestamp(), set.CpuTime, TransactionsOf(server, set));
        await act();
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var memory = string.Join(", ", set.Fronts.Select(static front => $"{front.MemoryMegabytes("VmRSS"):0}"));
        Console.WriteLine(
            $"{what,-32} {(TransactionsOf(server, set) - transactions) / seconds,7:N0} transactions/s, "
            + $"{(set.CpuTime - cpu).TotalSeconds / seconds * 100,4:0} % of a core for all fronts, {memory} MB resident");
    }

    /// <summary>Transactions that the database has ended so far: a statement outside of one counts as one.</summary>
    private static long TransactionsOf(PostgresServer server, FrontSet set) => long.Parse(
        server.Query(set.Database, "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"),
        CultureInfo.InvariantCulture);

    /// <summary>Each of a key of its own, a hundred on a stream.</summary>
    private static async Task<IDisposable> WatchAsync(ServerProcess front, int count)
    {
        var client = new EtcdClient(front.Url);
        List<StreamedBody> open = [];
        foreach (var keys in Enumerable.Range(0, count).Chunk(WatchesOfAStream))
        {
            var (requests, answers) = await client.OpenAsync("etcdserverpb.Watch/Watch", Create(keys[0]));
            open.Add(requests);
            foreach (var key in keys[1..])
            {
                await requests.WriteAsync(Create(key));
            }

            for (var answered = 0; answered < keys.Length; answered++)
            {
                await Streams.SkipMessageAsync(answers);
            }
        }

        return new Watching(client, open);
    }

    private static byte[] Create(int key) => EtcdClient.Frame(new WatchRequest
    {
        CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8($"list/{key:D6}") },
    });

    private sealed class Watching(EtcdClient client, List<StreamedBody> open) : IDisposable
    {
        public void Dispose()
        {
            open.ForEach(static requests => requests.End());
            client.Dispose();
        }
    }
}
