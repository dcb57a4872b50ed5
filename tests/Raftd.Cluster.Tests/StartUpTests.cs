using System.Diagnostics;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests;

/// <summary>How long a member with data takes from exec to ready. Printed; how fast it should be is the benchmarks' matter.</summary>
public sealed class StartUpTests : ClusterTest
{
    private const int Keys = 20_000;
    private static readonly int LargeValues = 50;

    [Fact]
    public async Task Start_ManyKeysAndLargeValues_HasThemAll()
    {
        var cluster = await TestCluster.StartAsync(Scene, 1);
        var member = cluster[0];
        var value = new byte[100];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Keys),
            new ParallelOptions { MaxDegreeOfParallelism = 128, CancellationToken = TestContext.Current.CancellationToken },
            async (number, _) => Assert.Equal(200, (await member.PutAsync($"/key/small/{number}", value)).Status));
        var large = new byte[4 << 20];
        for (var number = 0; number < LargeValues; number++)
        {
            Assert.Equal(200, (await member.PutAsync($"/key/large/{number}", large)).Status);
        }

        foreach (var (how, stop) in ((string, Func<Task>)[])[("SIGTERM", member.StopAsync), ("kill -9", member.KillAsync)])
        {
            await stop();
            var started = Stopwatch.GetTimestamp();
            await member.Start().ReadyAsync();
            var took = Stopwatch.GetElapsedTime(started);
            Print($"{Keys} keys and {LargeValues} values of 4 MiB: ready {took.TotalMilliseconds:0} ms after the start that followed {how}");
            Assert.Equal(value, (await member.GetAsync($"/key/small/{Keys - 1}")).Body);
            Assert.Equal(large.Length, (await member.GetAsync($"/key/large/{LargeValues - 1}")).Body.Length);
        }
    }
}
