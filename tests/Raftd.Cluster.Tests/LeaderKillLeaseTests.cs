using System.Diagnostics;
using System.Globalization;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests;

/// <summary>The shell loops of the REST page while one leader after the other is killed.</summary>
public sealed class LeaderKillLeaseTests : ClusterTest
{
    private const string List = "/lease/kv/nodeinfo?prefix=/esq/node";
    private const string Both = $"[{RestPage.FirstService},{RestPage.SecondService}]";
    private const string OnlySecond = $"[{RestPage.SecondService}]";

    /// <summary>Deaths with both loops running, in each round, before one of them is stopped.</summary>
    private static readonly TimeSpan BothTime = TimeSpan.FromSeconds(15);

    // Both loops: one death as close behind the other as the members are well again. One loop: see CheckpointInterval.
    private static readonly TimeSpan ShortReign = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongReign = TimeSpan.FromSeconds(3);

    /// <summary>The end of a lease is proposed this soon under a leader that stays (docs/leases.md).</summary>
    private static readonly TimeSpan ExpiryLimit = TimeSpan.FromSeconds(0.5);

    /// <summary>What one change of leader may add: a new leader starts from the last checkpoint, and a silent lease is
    /// checkpointed when TTL/4 has passed, by a leader that looks for such leases at each tick of 0.1 s. As much again for
    /// the entry. Were leaders changed more often than this, a lease need never end.</summary>
    private static readonly TimeSpan CheckpointInterval = (RestPage.Ttl / 4) + TimeSpan.FromSeconds(0.1 + 0.1);

    /// <summary>What the first change may add on top: the leader under which the loop stopped knows how far apart its
    /// renewals were, and takes the lease for silent only after half as long again.</summary>
    private static readonly TimeSpan KnownRhythm = (RestPage.Renewal * 1.5) - (RestPage.Ttl / 4);

    private static TimeSpan Length => TimeSpan.FromSeconds(
        double.Parse(Environment.GetEnvironmentVariable("RAFTD_TEST_LEASE_SECONDS") ?? "30", CultureInfo.InvariantCulture));

    [Fact]
    public async Task LeadersKilledAgainAndAgain_LoopsKeepTheirServices_AndOneThatStopsGoesInTime()
    {
        var seed = Environment.TickCount;
        Print($"seed {seed}");
        var random = new Random(seed);
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var spared = cluster[0];
        Scene.StartScript(Scene.PathOf("loop2.log"), RestPage.At(spared, RestPage.SecondLoop));

        var started = Stopwatch.GetTimestamp();
        for (var round = 1; round == 1 || Stopwatch.GetElapsedTime(started) < Length; round++)
        {
            await RoundAsync(cluster, spared, random, round);
        }

        await cluster.SameStateAsync();
    }

    private async Task RoundAsync(TestCluster cluster, Member spared, Random random, int round)
    {
        // Started in peace: a loop does not ask again for a lease that it did not get.
        var first = Scene.StartScript(Scene.PathOf($"loop1-{round}.log"), RestPage.At(spared, RestPage.FirstLoop));
        await Until.TrueAsync("both services are listed", TimeSpan.FromSeconds(20), async () => (await spared.GetAsync(List)).Text == Both);
        await using var watch = new ListWatch(cluster.Members, List, Both);
        var started = Stopwatch.GetTimestamp();
        await using (var killer = new LeaderKiller(cluster, spared, random, ShortReign))
        {
            await WhileAsync(killer, "some deaths with both loops", TimeSpan.FromMinutes(1), () =>
                Task.FromResult(Stopwatch.GetElapsedTime(started) >= BothTime));
            Print($"round {round}: {killer.Kills} kills and {killer.Transfers} transfers with both loops, {watch.Answers} lists");

            killer.ShortestReign = LongReign;
            watch.Allow(Both, OnlySecond);
            var (leaderless, term) = (killer.Leaderless, (await spared.StatusAsync()).Term);
            Scene.EndGroup(first);
            var stopped = Stopwatch.GetTimestamp();
            await WhileAsync(killer, "the first service has gone", TimeSpan.FromMinutes(2), async () =>
                (await spared.GetAsync(List)) is { Status: 200, Text: OnlySecond });
            var life = Stopwatch.GetElapsedTime(stopped);
            watch.Allow(OnlySecond); // once gone, gone for every member

            // A term has one leader at most, so this counts also what happens by itself on a busy machine.
            JudgeLife(life, (await spared.StatusAsync()).Term - term, killer.Leaderless - leaderless);
        }

        watch.Check();

        Task WhileAsync(LeaderKiller killer, string what, TimeSpan limit, Func<Task<bool>> condition) =>
            Until.TrueAsync(what, limit, () =>
            {
                watch.Check();
                killer.Check();
                return condition();
            });
    }

    private static void JudgeLife(TimeSpan life, ulong changes, TimeSpan leaderless)
    {
        var limit = RestPage.Ttl + ExpiryLimit + leaderless;
        limit += changes > 0 ? KnownRhythm + (changes * CheckpointInterval) : TimeSpan.Zero;
        Print($"  listed {life.TotalSeconds:0.0} s after its loop had ended, over {changes} new terms and {leaderless.TotalSeconds:0.0} s "
            + $"without a leader; allowed {limit.TotalSeconds:0.0} s");
        Assert.True(life <= limit, $"the service was listed for {life} after its loop had ended; allowed were {limit}");
    }
}
