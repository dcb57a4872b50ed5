using System.Globalization;

namespace Raftd.Raft.Tests.Safety;

/// <summary>Each of the 64 ways in which the six directed links among three members can be cut, under each first leader: a
/// majority whose members hear each other has a leader that commits within ten election timeouts.</summary>
/// <remarks>
/// Stores have stood still here: a member that is heard by all and hears none campaigns without end, or a leader goes on
/// sending heartbeats that no member can answer. Pre-votes, the quorum check and the refusal to vote while a leader is alive
/// each close one of these, and together they must not close the way for the election that is needed.
/// </remarks>
public sealed class PartialPartitionTests(ITestOutputHelper output)
{
    private const int Sets = 64;
    private const int ElectionTicks = 10; // TestOptions
    private const int TickLimit = 10 * ElectionTicks;
    private const int Seeds = 5;

    private static readonly (ulong From, ulong To)[] Links = [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)];

    [Fact]
    public void Links_AMajorityHearsEachOther_HasALeaderThatCommits()
    {
        var worst = 0;
        var runs = 0;
        for (var set = 0; set < Sets; set++)
        {
            for (var run = 0; run < 3 * Seeds; run++)
            {
                if (HasConnectedMajority(set))
                {
                    worst = Math.Max(worst, TicksToCommit(set, firstLeader: 1 + ((ulong)run % 3), seed: run));
                    runs++;
                }
            }
        }

        Assert.Equal(37 * 3 * Seeds, runs);
        output.WriteLine($"{runs} runs, the slowest commit after {worst} ticks; an election timeout is {ElectionTicks}");
    }

    /// <summary>Where no two members hear each other, nothing may be committed.</summary>
    [Fact]
    public void Links_NoMajorityHearsEachOther_NothingNewIsPromised()
    {
        for (var set = 0; set < Sets; set++)
        {
            for (var run = 0; run < 3 && !HasConnectedMajority(set); run++)
            {
                var trio = new PromptCluster(members: 3, firstLeader: 1 + (ulong)run, seed: run);
                trio.Cut(CutLinks(set));
                var before = trio.Committed;
                trio.Run(TickLimit, until: () => false);
                Assert.Equal(before, trio.Committed);
            }
        }
    }

    private static int TicksToCommit(int set, ulong firstLeader, int seed)
    {
        var trio = new PromptCluster(members: 3, firstLeader, seed);
        trio.Cut(CutLinks(set));
        var before = trio.Committed;
        var ticks = trio.Run(TickLimit, until: () => trio.Committed > before);
        Assert.True(
            trio.Committed > before,
            $"links {Describe(set)} cut under leader {firstLeader}, seed {seed}: nothing committed in {TickLimit} ticks");

        // And it stays so: a member that is cut off does not unseat the leader again and again.
        before = trio.Committed;
        trio.Run(TickLimit, until: () => false);
        Assert.True(
            trio.Committed >= before + (TickLimit / 2),
            $"links {Describe(set)} cut under leader {firstLeader}, seed {seed}: {trio.Committed - before} commits in {TickLimit} ticks");
        return ticks;
    }

    private static bool HasConnectedMajority(int set)
    {
        var cut = CutLinks(set).ToHashSet();
        return Links.Any(link => !cut.Contains(link) && !cut.Contains((link.To, link.From)));
    }

    private static IEnumerable<(ulong From, ulong To)> CutLinks(int set) =>
        Links.Where((_, i) => (set & (1 << i)) != 0);

    private static string Describe(int set) => string.Join(
        ' ', CutLinks(set).Select(link => string.Create(CultureInfo.InvariantCulture, $"{link.From}>{link.To}")));
}
