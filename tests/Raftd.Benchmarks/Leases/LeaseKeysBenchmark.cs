// One lease with many keys of which one is renewed, through a change of leader: what is done for the others must hold up
// nothing. Seen from outside: writes wait for apply, so the longest pause between two acknowledgements bounds the longest
// slice of apply from above, and a leader whose heartbeats stop is replaced. What apply alone takes is measured by
// LeaseMeasurements of Raftd.Store.Tests.

using System.Diagnostics;
using Raftd.Benchmarks.Failover;

namespace Raftd.Benchmarks.Leases;

internal static class LeaseKeysBenchmark
{
    private const int Keys = 10_000;
    private const int Ttl = 60;
    private const int HandOverAfterSeconds = 25;

    private static readonly TimeSpan RenewalInterval = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    public static async Task RunAsync(BenchmarkOptions options)
    {
        Console.WriteLine("one lease with many keys, three members on the same cores, default timeouts");
        using var one = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "lease-keys-1"), options.Port + 3);
        using var two = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "lease-keys-2"), options.Port + 4, options.Port + 3);
        using var three = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "lease-keys-3"), options.Port + 5, options.Port + 3);
        await ClusterBenchmark.WaitForVotersAsync(one);
        using var fleet = new LeaseFleet();
        await fleet.GrantAsync(one.Url, "many", count: 1, Ttl);
        var set = await fleet.SetKeysAsync(one.Url, Keys);
        Console.WriteLine($"{Keys:N0} keys of one lease of {Ttl} s set in {set.TotalSeconds:0.0} s");

        var began = Stopwatch.GetTimestamp();
        var term = (await fleet.StatusAsync(one.Url)).Term;
        using var stop = new CancellationTokenSource();
        var renewals = RenewAsync(fleet, [one, two, three], stop.Token);
        await using (var acks = new AckStream(one.Url, two.Url, three.Url))
        {
            await acks.MoreAsync(100);
            acks.Forget();
            await Task.Delay(TimeSpan.FromSeconds(HandOverAfterSeconds));
            var before = acks.LongestPause;
            await fleet.OkAsync(HttpMethod.Post, $"{two.Url}/leader/transfer?to={two.Label}");
            await acks.MoreAsync(100);
            acks.Forget();
            await UntilLastHasEndedAsync(fleet, one);
            Console.WriteLine(
                $"longest time without an acknowledged write: {before.TotalMilliseconds:0} ms before the hand-over, "
                + $"{acks.LongestPause.TotalMilliseconds:0} ms after it; {acks.Acknowledged} writes   load {Machine.LoadAverage}");
            Console.WriteLine(
                $"the last of the others has ended {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s after it was set; "
                + $"{(await fleet.StatusAsync(one.Url)).Term - term - 1} elections beside the hand-over");
        }

        await stop.CancelAsync();
        var (count, longest) = await renewals;
        Console.WriteLine($"{count} renewals of one key, the longest took {longest.TotalMilliseconds:0} ms");
        Console.WriteLine();
    }

    private static async Task<(int Count, TimeSpan Longest)> RenewAsync(
        LeaseFleet fleet, ServerProcess[] members, CancellationToken stop)
    {
        var (count, longest) = (0, TimeSpan.Zero);
        for (; !stop.IsCancellationRequested; count++)
        {
            var asked = Stopwatch.GetTimestamp();
            await fleet.UntilOkAsync(HttpMethod.Post, $"{members[count % members.Length].Url}/lease/keepalive/{fleet.Ids[0]}?key=k0");
            var took = Stopwatch.GetElapsedTime(asked);
            longest = took > longest ? took : longest;
            await Task.Delay(RenewalInterval, CancellationToken.None);
        }

        return (count, longest);
    }

    /// <summary>The keys end in the order in which they were set.</summary>
    private static async Task UntilLastHasEndedAsync(LeaseFleet fleet, ServerProcess member)
    {
        var started = Stopwatch.GetTimestamp();
        while (await fleet.HasKeyAsync(member.Url, Keys - 1) && Stopwatch.GetElapsedTime(started) < Limit)
        {
            await Task.Delay(500);
        }
    }
}
