using System.Globalization;
using Raftd.Cluster.Tests.Chaos.Ills;
using Raftd.Cluster.Tests.Chaos.Watching;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing.Databases;

namespace Raftd.Cluster.Tests.Chaos;

/// <summary>Three fronts, and the database that they serve.</summary>
public sealed class FrontChaosTests : ClusterTest
{
    // With the database's own death, a round kills as many as a run must.
    private const int StrikesOfKilling = 4;

    // Of fronts and of the database.
    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("RAFTD_TEST_FRONT_KILLS") ?? "5", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(Deployment.PostgresFronts)]
    [InlineData(Deployment.MariaDbFronts, Explicit = true)] // by tests/long.sh
    public async Task FrontsAndTheirDatabase_KilledPausedAndDisconnected_LoseNothing_EndNoLeaseEarly_AndTheHistoryIsLinearizable(
        Deployment deployment)
    {
        var server = Deployments.StartServer(deployment);
        var cluster = await FrontCluster.StartAsync(Scene, server, 3);

        await OverAsync(server, () => RecordedChaos.RunAsync(cluster, Print, havoc => havoc.Kills >= Kills, () => RoundOf(server)));

        var audit = DatabaseAudit.Of(server, cluster[0].Store!);
        Print(audit.ToString());
        Assert.Empty(audit.Faults);
        Assert.True(audit.Versions > 1000, $"only {audit.Versions} versions");
    }

    [Theory]
    [InlineData(Deployment.PostgresFronts, Explicit = true)] // by tests/long.sh: a minute each
    [InlineData(Deployment.MariaDbFronts, Explicit = true)]
    public async Task ThousandWatchesAtFronts_UnderTheSame_BringEveryChangeOnceAndInOrder(Deployment deployment)
    {
        var server = Deployments.StartServer(deployment);
        var cluster = await FrontCluster.StartAsync(Scene, server, 3);
        await OverAsync(server, () => new WatchChaos(cluster, Print).RunAsync(havoc => havoc.Kills >= Kills, (_, _) => RoundOf(server)));
    }

    private static Ill[] RoundOf(IDatabaseServer server) =>
    [
        .. Enumerable.Repeat<Ill>(new KilledMembers(), StrikesOfKilling), new PausedMember(), new MovedLeadership(),
        .. Enum.GetValues<DatabaseIll>().Select(ill => new StruckDatabase(server, ill)),
    ];

    /// <summary>Where the server has died of itself, as MariaDB 10.11 now and then does, that is what failed, and the failure says so.</summary>
    private static async Task OverAsync(IDatabaseServer server, Func<Task> chaos)
    {
        try
        {
            await chaos();
        }
        catch (Exception failure) when (server.OwnEnd is { } end)
        {
            throw new InvalidOperationException(end, failure);
        }
    }
}
