using System.Diagnostics;
using System.Globalization;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests.Chaos;

/// <summary>Three real members under load from many clients, killed, paused and made to change leaders again and again:
/// nothing acknowledged is lost, and the history that the clients recorded is linearizable.</summary>
public sealed class ChaosTests : ClusterTest
{
    private const int KillsInRound = 10;

    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("RAFTD_TEST_KILLS") ?? "30", CultureInfo.InvariantCulture);

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("RAFTD_TEST_SEED"), CultureInfo.InvariantCulture, out var seed)
        ? seed
        : Environment.TickCount;

    [Fact]
    public async Task MembersKilledUnderLoad_LoseNothing_AndTheHistoryIsLinearizable()
    {
        var seed = Seed;
        Print($"seed {seed}");
        var cluster = await TestCluster.StartAsync(Scene, 3);
        await using var load = new RecordedLoad(cluster.Members, seed);
        var havoc = new Havoc(cluster, new Random(seed));
        var loaded = TimeSpan.Zero;
        while (havoc.Kills < Kills)
        {
            var started = Stopwatch.GetTimestamp();
            load.Start();
            for (var kill = 0; kill < KillsInRound; kill++)
            {
                await havoc.KillAsync(load);
            }

            loaded += Stopwatch.GetElapsedTime(started);
            await load.StopAsync();
            await cluster.ReadyAsync();
            await cluster.SameStateAsync();
            await load.VerifyAsync();
        }

        Print($"{havoc.Kills} kills, {load.Answered} operations answered in {loaded.TotalSeconds:0} s of load, "
            + $"{load.Answered / loaded.TotalSeconds:0} a second, {load.Unknown} unknown");
    }
}
