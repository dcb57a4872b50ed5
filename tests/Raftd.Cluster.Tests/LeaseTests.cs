using System.Diagnostics;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;
using static Raftd.Cluster.Tests.Support.RestPage;

namespace Raftd.Cluster.Tests;

/// <summary>Leases under the shell loops of the REST page, and across the death of a leader.</summary>
public sealed class LeaseTests : ClusterTest
{
    // The last renewal may have been up to 3 s before the loop ended, and the machine may be busy.
    private static readonly TimeSpan LongestLife = TimeSpan.FromSeconds(10 + 0.5 + 2);
    private static readonly TimeSpan ShortestLife = TimeSpan.FromSeconds(10 - 3 - 0.5);

    [Fact]
    public async Task LoopsOfTheRestPage_KeepTheirServicesListed_AndOneThatStopsGoesInTime()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var member = await cluster.FollowerAsync();
        var first = Scene.StartScript(Scene.PathOf("loop1.log"), At(member, FirstLoop));
        Scene.StartScript(Scene.PathOf("loop2.log"), At(member, SecondLoop));
        await Until.TrueAsync("both services, the first one first", TimeSpan.FromSeconds(20), async () =>
            await ListAsync(member) == $"[{FirstService},{SecondService}]");

        var stopped = Stopwatch.GetTimestamp();
        Scene.EndGroup(first);
        await Until.TrueAsync("the first service has gone", TimeSpan.FromSeconds(30), async () =>
        {
            var list = await ListAsync(member);
            Assert.Contains(SecondService, list, StringComparison.Ordinal);
            return list == $"[{SecondService}]";
        });
        var life = Stopwatch.GetElapsedTime(stopped);
        Print($"a service whose loop ended was listed for {life.TotalSeconds:0.0} s more, TTL 10 s");
        Assert.InRange(life, ShortestLife, LongestLife);
        Assert.Equal(404, (await member.GetAsync("/key//esq/node-1/1/nodeinfo")).Status);
    }

    [Fact]
    public async Task LeaderKilled_RenewedServiceIsNeverAbsent_AndASilentOneStillEnds()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var killed = await cluster.LeaderAsync();
        var survivors = cluster.Except(killed).ToArray();
        var silent = (await survivors[0].PostAsync("/lease/grant?ttl=5&name=/silent")).Text;
        Assert.Equal(200, (await survivors[0].PostAsync($"/lease/keepalive/{silent}", ("key", "k"), ("data", "silent"))).Status);
        using var stop = new CancellationTokenSource();
        var renewing = RenewAsync(survivors, stop.Token);
        await Until.TrueAsync("both are listed", TimeSpan.FromSeconds(20), async () =>
            (await survivors[0].GetAsync("/lease/kv/k?prefix=/")).Text == """["renewed","silent"]""");

        killed.Signal(Signal.Kill);
        await killed.EndAsync();
        var newLeader = 0L;
        await Until.TrueAsync("the silent one has gone", TimeSpan.FromSeconds(30), async () =>
        {
            var answer = await survivors[1].GetAsync("/lease/kv/k?prefix=/");
            if (answer.Status != 200)
            {
                return false;
            }

            newLeader = newLeader == 0 ? Stopwatch.GetTimestamp() : newLeader;
            Assert.Contains("renewed", answer.Text, StringComparison.Ordinal);
            return answer.Text == """["renewed"]""";
        });
        var life = Stopwatch.GetElapsedTime(newLeader);
        Print($"a silent lease of 5 s ended {life.TotalSeconds:0.0} s after a new leader first answered");
        Assert.True(life < TimeSpan.FromSeconds(5 + 2), $"the lease lived {life} under its new leader");

        // And it stays: two more of its lifetimes, with its keeper's eyes.
        var until = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(until) < TimeSpan.FromSeconds(6))
        {
            Assert.Equal("""["renewed"]""", (await survivors[1].GetAsync("/lease/kv/k?prefix=/")).Text);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        await stop.CancelAsync();
        await renewing;
    }

    /// <summary>A service with a TTL of 3 s, longer than an election, renewed every 500 ms through any member that answers.</summary>
    private static async Task RenewAsync(Member[] members, CancellationToken stop)
    {
        var id = (await members[0].PostAsync("/lease/grant?ttl=3&name=/renewed")).Text;
        for (var turn = 0; !stop.IsCancellationRequested; turn++)
        {
            var answer = await members[turn % members.Length].PostAsync($"/lease/keepalive/{id}", ("key", "k"), ("data", "renewed"));
            Assert.NotEqual(404, answer.Status);
            await Task.Delay(answer.Status == 200 ? 500 : 50, CancellationToken.None);
        }
    }

    private async Task<string> ListAsync(Member member) => (await Scene.ShellAsync(At(member, List))).Output;
}
