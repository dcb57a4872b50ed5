using System.Diagnostics;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests;

/// <summary>kill -9, of the leader and of all members at once, while several writers write.</summary>
public sealed class CrashTests : ClusterTest
{
    private static readonly TimeSpan WriteAgainLimit = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task LeaderKilledUnderLoad_AnotherTakesWritesSoon_AndNoneIsLost()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        await using var load = new Load(cluster.Members);
        await load.MoreAsync(300);

        var killed = await cluster.LeaderAsync();
        var started = Stopwatch.GetTimestamp();
        killed.Signal(Signal.Kill);
        var pause = await FirstWriteAsync([.. cluster.Except(killed)], started);
        Print($"the leader killed: the first write is acknowledged elsewhere after {pause.TotalMilliseconds:0} ms");
        Assert.True(pause <= WriteAgainLimit, $"{pause} until the first write was acknowledged after the leader's death");
        await load.MoreAsync(300);
        await load.StopAsync();

        await killed.EndAsync();
        killed.Start();
        await cluster.ReadyAsync();
        await load.VerifyAsync(cluster.Members);
        await cluster.SameStateAsync();
    }

    [Fact]
    public async Task Cluster_AllKilledUnderLoad_TheSameCommandLinesBringEverythingBack()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        for (var round = 0; round < 3; round++)
        {
            await using var load = new Load(cluster.Members, $"round{round}");
            await load.MoreAsync(400);
            foreach (var member in cluster.Members)
            {
                member.Signal(Signal.Kill);
            }

            foreach (var member in cluster.Members)
            {
                Assert.Equal(137, await member.EndAsync());
            }

            await load.StopAsync();
            foreach (var member in cluster.Members)
            {
                member.Start();
            }

            await cluster.ReadyAsync();
            Assert.Contains("-join is ignored", cluster[1].Log, StringComparison.Ordinal);
            await load.VerifyAsync(cluster.Members);
        }

        await cluster.SameStateAsync();
    }

    /// <summary>Single member: no other could bring back what its own disk lost.</summary>
    [Fact]
    public async Task Member_KilledAgainAndAgain_LosesNothing()
    {
        var cluster = await TestCluster.StartAsync(Scene, 1);
        for (var round = 0; round < 3; round++)
        {
            await using var load = new Load(cluster.Members, $"round{round}", writers: 4, valueBytes: 2000);
            await load.MoreAsync(300);
            await cluster[0].KillAsync();
            await load.StopAsync();
            await cluster[0].Start().ReadyAsync();
            await load.VerifyAsync(cluster.Members);
        }
    }

    /// <summary>A new request every 50 ms, none waiting for the one before: how long does the cluster take no write?</summary>
    private static async Task<TimeSpan> FirstWriteAsync(Member[] survivors, long started)
    {
        var first = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        for (var number = 0; !first.Task.IsCompleted; number++)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30), "no write for 30 s");
            _ = ProbeAsync(survivors[number % survivors.Length], number);
            await Task.WhenAny(first.Task, Task.Delay(50, TestContext.Current.CancellationToken));
        }

        return await first.Task;

        async Task ProbeAsync(Member member, int number)
        {
            var answer = await member.PutAsync($"/key/probe/{number}", "x");
            if (answer.Status == 200)
            {
                first.TrySetResult(Stopwatch.GetElapsedTime(started));
            }
        }
    }
}
