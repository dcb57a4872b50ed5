using System.Globalization;

namespace Raftd.Raft.Tests.Safety;

/// <summary>What PartialPartitionTests has for all sets of cut links among three members, for a sample of the million sets
/// among five: three that hear each other have a leader that commits, and keep it, with any links of the other two.</summary>
public sealed class PartialPartitionOfFiveTests(ITestOutputHelper output)
{
    private const int Members = 5;
    private const int ElectionTicks = 10; // TestOptions
    private const int TickLimit = 10 * ElectionTicks;

    private static readonly (ulong From, ulong To)[] Links =
        [.. from sender in Enumerable.Range(1, Members)
            from receiver in Enumerable.Range(1, Members)
            where sender != receiver
            select ((ulong)sender, (ulong)receiver)];

    /// <summary>More by RAFTD_SEEDS, for a search by hand.</summary>
    private static int Seeds =>
        int.TryParse(Environment.GetEnvironmentVariable("RAFTD_SEEDS"), out var seeds) ? seeds : 400;

    [Fact]
    public void Links_ThreeOfFiveHearEachOther_HaveALeaderThatCommits()
    {
        var worst = 0;
        for (var seed = 1; seed <= Seeds; seed++)
        {
            worst = Math.Max(worst, TicksToCommit(seed));
        }

        output.WriteLine($"{Seeds} sets, the slowest commit after {worst} ticks; an election timeout is {ElectionTicks}");
    }

    private static int TicksToCommit(int seed)
    {
        var random = new Random(seed);
        var (cut, firstLeader) = (DrawCut(random), 1 + (ulong)random.Next(Members));
        var cluster = new PromptCluster(Members, firstLeader, seed);
        cluster.Cut(cut);
        var before = cluster.Committed;
        var ticks = cluster.Run(TickLimit, until: () => cluster.Committed > before);
        Assert.True(
            cluster.Committed > before,
            $"links {Describe(cut)} cut under leader {firstLeader}, seed {seed}: nothing committed in {TickLimit} ticks");

        // And it stays so: a member that is cut off does not unseat the leader again and again.
        before = cluster.Committed;
        cluster.Run(TickLimit, until: () => false);
        Assert.True(
            cluster.Committed >= before + (TickLimit / 2),
            $"links {Describe(cut)} cut under leader {firstLeader}, seed {seed}: {cluster.Committed - before} commits in {TickLimit} ticks");
        return ticks;
    }

    /// <summary>Any links but those among three members.</summary>
    private static (ulong From, ulong To)[] DrawCut(Random random)
    {
        var share = random.NextDouble();
        var majority = Enumerable.Range(1, Members).Select(id => (ulong)id).OrderBy(_ => random.Next()).Take(3).ToHashSet();
        return [.. Links.Where(link =>
            random.NextDouble() < share && !(majority.Contains(link.From) && majority.Contains(link.To)))];
    }

    private static string Describe(IEnumerable<(ulong From, ulong To)> links) => string.Join(
        ' ', links.Select(link => string.Create(CultureInfo.InvariantCulture, $"{link.From}>{link.To}")));
}
