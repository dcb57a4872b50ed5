using System.Globalization;
using Raftd.Cluster.Tests.Chaos.Ills;
using Raftd.Cluster.Tests.Chaos.Watching;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing.Databases;

namespace Raftd.Cluster.Tests.Chaos;

/// <summary>Three fronts, and the database that they serve. By tests/long.sh: some minutes each.</summary>
public sealed class FrontChaosTests : ClusterTest
{
    // Of fronts and of the database.
    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("RAFTD_TEST_FRONT_KILLS") ?? "5", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(Deployment.PostgresFronts, Explicit = true)]
    [InlineData(Deployment.MariaDbFronts, Explicit = true)]
    public async Task FrontsAndTheirDatabase_KilledPausedAndDisconnected_LoseNothing_AndTheHistoryIsLinearizable(Deployment deployment)
    {
        var server = Deployments.StartServer(deployment);
        var cluster = await FrontCluster.StartAsync(Scene, server, 3);

        await RecordedChaos.RunAsync(cluster, Print, havoc => havoc.Kills >= Kills, () => RoundOf(server));

        var audit = DatabaseAudit.Of(server, cluster[0].Store!);
        Print(audit.ToString());
        Assert.Empty(audit.Faults);
        Assert.True(audit.Versions > 1000, $"only {audit.Versions} versions");
    }

    [Theory]
    [InlineData(Deployment.PostgresFronts, Explicit = true)]
    [InlineData(Deployment.MariaDbFronts, Explicit = true)]
    public async Task ThousandWatchesAtFronts_UnderTheSame_BringEveryChangeOnceAndInOrder(Deployment deployment)
    {
        var server = Deployments.StartServer(deployment);
        var cluster = await FrontCluster.StartAsync(Scene, server, 3);
        await new WatchChaos(cluster, Print).RunAsync(havoc => havoc.Kills >= Kills, (_, _) => RoundOf(server));
    }

    private static Ill[] RoundOf(IDatabaseServer server) =>
    [
        new KilledMembers(), new KilledMembers(), new PausedMember(), new MovedLeadership(),
        .. Enum.GetValues<DatabaseIll>().Select(ill => new StruckDatabase(server, ill)),
    ];
}
