using System.Globalization;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests;

/// <summary>Members that stand still for a while and wake up: SIGSTOP and SIGCONT.</summary>
public sealed class PauseTests : ClusterTest
{
    // Many election timeouts. RAFTD_TEST_PAUSE=60 makes it the minute that a frozen virtual machine easily takes.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("RAFTD_TEST_PAUSE") ?? "12", CultureInfo.InvariantCulture));

    [Fact]
    public async Task FollowerStoppedUnderLoad_CatchesUp_WithoutAnElection()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var leader = await cluster.LeaderAsync();
        var term = (await leader.StatusAsync()).Term;
        var stopped = await cluster.FollowerAsync();
        await using var load = new Load([.. cluster.Except(stopped)]);
        await load.MoreAsync(100);

        stopped.Signal(Signal.Stop);
        await Task.Delay(Pause, TestContext.Current.CancellationToken);
        stopped.Signal(Signal.Continue);

        await load.MoreAsync(100);
        await load.StopAsync();
        await cluster.SameStateAsync();
        await load.VerifyAsync(stopped);
        Assert.Equal(0, load.Failed);
        Assert.Equal(term, (await leader.StatusAsync()).Term);
    }

    [Fact]
    public async Task LeaderStopped_OthersGoOn_AndItsFirstReadsAfterWakingAreNotStale()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var stopped = await cluster.LeaderAsync();
        var others = cluster.Except(stopped).ToArray();
        Assert.Equal(200, (await stopped.PutAsync("/key/k", "old")).Status);
        await using var load = new Load(cluster.Members, writers: 4);
        await load.MoreAsync(100);

        stopped.Signal(Signal.Stop);
        await Until.TrueAsync("another member takes writes", TimeSpan.FromSeconds(20), async () =>
            (await others[0].PutAsync("/key/k", "new")).Status == 200);

        // They wait in its socket and are the first thing it sees when it wakes, before any message of a peer.
        var reads = Enumerable.Range(0, 40).Select(_ => stopped.GetAsync("/key/k")).ToArray();
        await Task.Delay(Pause / 2, TestContext.Current.CancellationToken);
        stopped.Signal(Signal.Continue);
        foreach (var read in reads)
        {
            try
            {
                var answer = await read;
                Assert.True(answer.Status != 200 || answer.Text == "new", $"a stale read: {answer}");
            }
            catch (OperationCanceledException)
            {
                // Too long in the socket.
            }
        }

        await cluster.ReadyAsync();
        Assert.Equal("new", (await stopped.GetAsync("/key/k")).Text);
        await load.VerifyAsync(cluster.Members);
        await cluster.SameStateAsync();
    }
}
