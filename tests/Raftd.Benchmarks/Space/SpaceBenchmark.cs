// A small quota under large values, and a deletion of very many keys beside clients that read and renew.

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Raftd.Benchmarks.Greedy;
using Raftd.Benchmarks.Leases;

namespace Raftd.Benchmarks.Space;

internal static class SpaceBenchmark
{
    private const int Puts = 10_000;
    private const int ValueBytes = 1_000_000;
    private const int Keys = 1_000_000;
    private const int Writers = 128;
    private const int KeepAlivesPerSecond = 200;
    private const int ReadsPerSecond = 200;
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(BenchmarkOptions options)
    {
        await OverwriteAsync(options, writers: 1);
        await OverwriteAsync(options, writers: 64);
        await DeleteAsync(options);
        Console.WriteLine();
    }

    /// <summary>One key, ten thousand values of 1 MB, and a quota that holds 67 of them.</summary>
    private static async Task OverwriteAsync(BenchmarkOptions options, int writers)
    {
        using var member = await ServerProcess.StartMemberAsync(
            Suite.Fresh(options, "quota"), options.Port + 9, joinPort: null, "-quota-bytes", "64MiB");
        using var memory = new MemoryWatch(member);
        using var client = Client();
        var value = new byte[ValueBytes];
        var (accepted, next) = (0, 0);
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) <= Puts)
            {
                using var body = new ByteArrayContent(value);
                using var answer = await client.PutAsync(new Uri(member.Url + "/key/one"), body);
                Interlocked.Add(ref accepted, answer.StatusCode == HttpStatusCode.OK ? 1 : 0);
            }
        }));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var status = await StatusAsync(client, member);
        Console.WriteLine(
            $"{Puts:N0} puts of 1 MB to one key by {writers}, quota 64 MiB: {accepted:N0} accepted (all: {Holds(accepted == Puts)}) in {seconds:0} s, "
            + $"{Puts / seconds:0}/s; at the end {Megabytes(status, "logical_bytes"):0} MB counted, state {Megabytes(status, "state_bytes"):0} MB, "
            + $"log {Megabytes(status, "log_bytes"):0} MB, at most {memory.MaxMegabytes:0} MB resident   load {Machine.LoadAverage}");
    }

    /// <summary>Three members; what is measured asks the leader. Reads are linearizable, so one that begins when the deletion
    /// is committed waits for it to be applied; stale ones do not.</summary>
    private static async Task DeleteAsync(BenchmarkOptions options)
    {
        using var leader = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "deletion-1"), options.Port + 7);
        using var second = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "deletion-2"), options.Port + 8, options.Port + 7);
        using var third = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "deletion-3"), options.Port + 9, options.Port + 7);
        using var client = Client();
        await FillAsync(client, leader);
        using var fleet = new LeaseFleet();
        await fleet.GrantAsync(leader.Url, "/deletion", KeepAlivesPerSecond, ttlSeconds: 3600);
        using var renewals = new KeepAlives(leader.Url, fleet.Ids);
        await renewals.RunAsync(KeepAlivesPerSecond, TimeSpan.FromSeconds(2));
        renewals.Take();

        using var quiet = new CancellationTokenSource(Before);
        var (reads, stale) = await BesideAsync(client, leader, renewals, quiet.Token);
        Console.WriteLine($"before       linearizable reads {reads}; stale reads {stale}; {renewals.Take()}");

        var former = await StatusAsync(client, leader);
        using var ended = new CancellationTokenSource();
        var beside = BesideAsync(client, leader, renewals, ended.Token);
        var started = Stopwatch.GetTimestamp();
        using var answer = await client.DeleteAsync(new Uri(leader.Url + "/key/many/?prefix=1"));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var deleted = answer.Headers.TryGetValues("X-Raftd-Deleted", out var counts) ? counts.Single() : await answer.Content.ReadAsStringAsync();
        var status = await StatusAsync(client, leader);
        await Task.Delay(TimeSpan.FromSeconds(5), CancellationToken.None);
        await ended.CancelAsync();
        (reads, stale) = await beside;
        Console.WriteLine($"meanwhile    linearizable reads {reads}; stale reads {stale}; {renewals.Take()}");
        var revisions = Number(status, "revision") - Number(former, "revision");
        var elections = status.GetProperty("term").GetInt64() - former.GetProperty("term").GetInt64();
        Console.WriteLine(
            $"a range of {Keys:N0} keys deleted in {seconds:0.0} s (answered {(int)answer.StatusCode}, {deleted} keys), "
            + $"{revisions} revision (one: {Holds(revisions == 1)}), {elections} elections (none: {Holds(elections == 0)})   load {Machine.LoadAverage}");
    }

    private static async Task FillAsync(HttpClient client, ServerProcess leader)
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i <= Keys; i = Interlocked.Increment(ref next))
            {
                using var body = new ByteArrayContent("value"u8.ToArray());
                using var answer = await client.PutAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"{leader.Url}/key/many/{i}")), body);
                answer.EnsureSuccessStatusCode();
            }
        }));
    }

    private static async Task<(Latencies Reads, Latencies Stale)> BesideAsync(
        HttpClient client, ServerProcess leader, KeepAlives renewals, CancellationToken stop)
    {
        var reads = ReadAsync(client, $"{leader.Url}/key/read", stop);
        var stale = ReadAsync(client, $"{leader.Url}/key/read?level=stale", stop);
        while (!stop.IsCancellationRequested)
        {
            await renewals.RunAsync(KeepAlivesPerSecond, TimeSpan.FromSeconds(1));
        }

        return (await reads, await stale);
    }

    /// <summary>At a steady pace, whether the one before has been answered or not: one that waits does not hide the others.</summary>
    private static async Task<Latencies> ReadAsync(HttpClient client, string url, CancellationToken stop)
    {
        var reads = new List<Task<double>>();
        var started = Stopwatch.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            reads.Add(OneAsync());
            var wait = TimeSpan.FromSeconds((double)reads.Count / ReadsPerSecond) - Stopwatch.GetElapsedTime(started);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, CancellationToken.None);
            }
        }

        return new Latencies([.. (await Task.WhenAll(reads)).Order()]);

        async Task<double> OneAsync()
        {
            var began = Stopwatch.GetTimestamp();
            using var answer = await client.GetAsync(new Uri(url), CancellationToken.None);
            return answer.StatusCode == HttpStatusCode.NotFound ? Stopwatch.GetElapsedTime(began).TotalMilliseconds : double.PositiveInfinity;
        }
    }

    private static HttpClient Client() => new(new SocketsHttpHandler { MaxConnectionsPerServer = 2000 }) { Timeout = TimeSpan.FromMinutes(2) };

    private static async Task<JsonElement> StatusAsync(HttpClient client, ServerProcess member)
    {
        using var status = JsonDocument.Parse(await client.GetStringAsync(new Uri(member.Url + "/status")));
        return status.RootElement.Clone();
    }

    private static double Megabytes(JsonElement status, string name) => status.GetProperty(name).GetInt64() / 1e6;

    private static long Number(JsonElement status, string name) =>
        long.Parse(status.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);

    private static string Holds(bool holds) => holds ? "holds" : "MISSED";

    /// <summary>Milliseconds in order; infinite where the answer was another than expected.</summary>
    private sealed record Latencies(double[] Sorted)
    {
        public override string ToString() =>
            $"{Sorted.Length:N0}, {Sorted.Count(double.IsPositiveInfinity)} failed, p50 {Sorted[Sorted.Length / 2]:0.0} ms, "
            + $"p99 {Sorted[Sorted.Length * 99 / 100]:0.0} ms, max {Sorted[^1]:0} ms";
    }
}
