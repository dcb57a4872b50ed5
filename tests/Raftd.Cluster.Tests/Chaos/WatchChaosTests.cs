using System.Globalization;
using Raftd.Cluster.Tests.Chaos.Ills;
using Raftd.Cluster.Tests.Chaos.Watching;
using Raftd.Cluster.Tests.Support;
using Raftd.Cluster.Tests.Wire;

namespace Raftd.Cluster.Tests.Chaos;

/// <summary>Three members. Needs root, for their namespaces.</summary>
public sealed class WatchChaosTests : ClusterTest
{
    // The log keeps next to nothing, so a member that was away needs a snapshot.
    private static readonly string[] TinyLog =
        ["-max-value-bytes", "16KiB", "-wal-segment-bytes", "256KiB", "-wal-retention-bytes", "0", "-flush-interval", "20ms"];

    private static int Rounds => int.Parse(Environment.GetEnvironmentVariable("RAFTD_TEST_WATCH_ROUNDS") ?? "1", CultureInfo.InvariantCulture);

    [Fact]
    public async Task ThousandWatches_UnderKillsPausesCutsAndSnapshots_BringEveryChangeOnceAndInOrder()
    {
        var wired = await WiredCluster.StartAsync(Scene, 3, Seed.Value, TinyLog);
        await new WatchChaos(wired.Members, Print).RunAsync(
            havoc => havoc.Rounds >= Rounds,
            (havoc, load) =>
            [
                new KilledMembers(), new KilledMembers(), new PausedMember(), new LeftBehindMember(wired, load),
                new CutLinks(wired, (Cut)havoc.Random.Next(Enum.GetValues<Cut>().Length), Print),
            ]);
    }
}
