using Raftd.Cluster.Tests.Chaos;
using Raftd.Cluster.Tests.Chaos.Ills;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests;

/// <summary>Members whose clocks are wrong: by hours and days, and by their rate. Needs libfaketime.</summary>
public sealed class ClockTests : ClusterTest
{
    private const double Fast = 1.25;
    private const double Slow = 0.8;
    private static readonly TimeSpan Drift = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Keys_WallClockJumps_EndByTheirOwnTime()
    {
        var cluster = new TestCluster(Scene);
        var member = cluster.Add("node01", TestCluster.SmallFiles);
        var clock = FakeClock.Of(Scene, member);
        await member.Start().ReadyAsync();
        Assert.Equal(200, (await member.PutAsync("/key/long?ttl=600", "x")).Status);
        await clock.JumpAsync(member, TimeSpan.FromDays(2));
        Assert.Equal(200, (await member.PutAsync("/key/short?ttl=2", "x")).Status);
        await clock.JumpAsync(member, TimeSpan.FromDays(-2));

        // Two days forward have not ended the long one, and four days back do not keep the short one.
        await Until.TrueAsync("the short one ends", TimeSpan.FromSeconds(20), async () => (await member.GetAsync("/key/short")).Status == 404);
        Assert.Equal(200, (await member.GetAsync("/key/long")).Status);
    }

    [Fact]
    public async Task Members_OfDifferentClockRatesKilledAndPaused_LoseNothingAndStayLinearizable()
    {
        var cluster = new TestCluster(Scene);
        foreach (var (label, rate) in (IEnumerable<(string, double)>)[("node01", Fast), ("node02", Slow), ("node03", 1)])
        {
            var member = cluster.Add(label, TestCluster.SmallFiles);
            FakeClock.Of(Scene, member, rate);
            await member.Start().ReadyAsync();
        }

        await cluster.ReadyAsync();
        await Until.TrueAsync("the clocks drift apart", Havoc.Limit, async () =>
            await FakeClock.OffsetAsync(cluster[0]) > Drift && await FakeClock.OffsetAsync(cluster[1]) < -Drift);
        Print($"seed {Seed.Value}");
        await using var load = new RecordedLoad(cluster.Members, Seed.Value);
        load.Start();
        await new Havoc(cluster, () => load.Answered, answersBetween: 1000, new Random(Seed.Value)).RunAsync(
            new KilledMembers(), new PausedMember(), new MovedLeadership(), new KilledMembers(), new PausedMember());
        await load.StopAsync();
        await cluster.SameStateAsync();
        await load.VerifyAsync();
    }
}
