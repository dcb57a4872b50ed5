using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests;

/// <summary>A cluster goes from one feature level to the next while it serves: member by member, as an operator does it
/// (docs/upgrades.md).</summary>
public sealed class UpgradeTests : ClusterTest
{
    private const int NewerLevel = 24;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>From the newest level that tests/levels names to this tree. In long runs from each of them, and from this tree (0)
    /// to the level that only tests know.</summary>
    public static TheoryData<int> Upgrades => Environment.GetEnvironmentVariable("RAFTD_TEST_UPGRADES") == "all"
        ? [.. LevelBuilds.Named, 0]
        : [LevelBuilds.Named is [.., var newest] ? newest : 0];

    [Fact]
    public async Task Levels_BeforeTheNewest_NameTheirLastCommit() => Assert.Equal(
        Enumerable.Range(1, await LevelBuilds.KnownByAsync(Scene, [Checkout.Launcher]) - 1), LevelBuilds.Named);

    [Theory]
    [MemberData(nameof(Upgrades))]
    public async Task MembersUpgradedOneByOneUnderLoad_LoseNothing_AndTheLevelRisesWithTheLastOfThem(int level)
    {
        var (before, after) = await LevelBuilds.OfUpgradeAsync(Scene, level);
        var (from, to) = (await LevelBuilds.KnownByAsync(Scene, before), await LevelBuilds.KnownByAsync(Scene, after));
        Assert.True(from < to, $"from {from} to {to}");
        var cluster = await StartAsync(before);
        await using var load = new Load(cluster.Members);
        await load.MoreAsync(200);

        // The leader first, so that the newer build has been a follower of the older one, and the other way round.
        var first = await cluster.LeaderAsync();
        await UpgradeAsync(cluster, first, after);
        await LevelsAreAsync(cluster, from);
        await NextLevelIsRefusedAsync(first, level);
        await load.MoreAsync(200);

        var second = cluster.Except(first).First();
        await UpgradeAsync(cluster, second, after);
        Assert.Equal(200, (await first.SendAsync(HttpMethod.Post, $"/leader/transfer?to={second.Label}")).Status);
        var last = cluster.Members.Single(member => member != first && member != second);
        await Until.TrueAsync(
            "the leader knows whom the level waits for", Limit, async () => Array.Exists(
                (await second.StatusAsync()).Warnings,
                warning => warning.StartsWith($"feature level {to} waits for {last.Label}", StringComparison.Ordinal)));
        await load.MoreAsync(200);
        await LevelsAreAsync(cluster, from);
        await NextLevelIsRefusedAsync(second, level);

        await UpgradeAsync(cluster, last, after);
        await Until.TrueAsync(
            $"feature level {to} everywhere", Limit, async () =>
                (await Task.WhenAll(cluster.Members.Select(member => member.StatusAsync()))).All(status => status.FeatureLevel == to));
        await load.MoreAsync(200);
        await load.StopAsync();
        await cluster.SameStateAsync();
        await load.VerifyAsync(cluster.Members);
        Print($"from level {from} to {to}: {load.Acknowledged} writes acknowledged, {load.Failed} failed while members changed");

        await OldBuildIsNotLetInAsync(cluster, before, to);
        await OldBuildReadsNothingAsync(cluster, last, before, after, to);
        await load.VerifyAsync(cluster.Members);
    }

    private async Task<TestCluster> StartAsync(string[] program)
    {
        var cluster = new TestCluster(Scene);
        foreach (var label in (string[])["node01", "node02", "node03"])
        {
            var member = cluster.Add(label, []);
            member.Program = program;
            await member.Start().ReadyAsync();
        }

        await cluster.ReadyAsync();
        return cluster;
    }

    private static async Task UpgradeAsync(TestCluster cluster, Member member, string[] program)
    {
        Assert.Equal(0, await member.StopAsync());
        member.Program = program;
        member.Start();
        await cluster.ReadyAsync();
    }

    private static async Task LevelsAreAsync(TestCluster cluster, int level)
    {
        foreach (var member in cluster.Members)
        {
            Assert.Equal(level, (await member.StatusAsync()).FeatureLevel);
        }
    }

    /// <summary>The build of the next level has a write that only its own level can say; other upgrades have none.</summary>
    private static async Task NextLevelIsRefusedAsync(Member upgraded, int level)
    {
        if (level != 0)
        {
            return;
        }

        var refused = await upgraded.PutAsync("/key/next-level/k", "v");
        Assert.True(refused.Status == 409, refused.Text);
        Assert.Equal("level_too_low", refused.Code);
        Assert.Equal(404, (await upgraded.GetAsync("/key/next-level/k")).Status);
    }

    private async Task OldBuildIsNotLetInAsync(TestCluster cluster, string[] before, int to)
    {
        var late = Scene.AddMember("late", TestCluster.SmallFiles);
        late.Program = before;
        late.Join = cluster[0].Address;
        Assert.Equal(NewerLevel, await late.Start().EndAsync());
        Assert.Contains($"the cluster is at feature level {to}", late.LastLine, StringComparison.Ordinal);
        Assert.DoesNotContain("late", (await cluster[0].GetAsync("/members")).Text, StringComparison.Ordinal);
    }

    /// <summary>Put back to the build before, a member says what it needs and stops; nothing of its data has changed.</summary>
    private static async Task OldBuildReadsNothingAsync(
        TestCluster cluster, Member member, string[] before, string[] after, int to)
    {
        Assert.Equal(0, await member.StopAsync());
        member.Program = before;
        Assert.Equal(NewerLevel, await member.Start().EndAsync());
        Assert.Contains($"feature level {to}", member.LastLine, StringComparison.Ordinal);
        Assert.DoesNotContain("corrupt", member.LastLine, StringComparison.OrdinalIgnoreCase);
        member.Program = after;
        member.Start();
        await cluster.ReadyAsync();
        await cluster.SameStateAsync();
    }
}
