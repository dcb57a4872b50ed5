using Raftd.Cluster.Tests.Chaos.Ills;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Chaos;

/// <summary>One ill after the other, in the order that the seed gives them, each once the load has gone on.</summary>
/// <param name="cluster">The members.</param>
/// <param name="answered">How many requests of the load have been answered.</param>
/// <param name="answersBetween">Between members that are well again and the next ill the load must have gone on for so many.</param>
/// <param name="random">Draws the order, and whom they strike.</param>
internal sealed class Havoc(TestCluster cluster, Func<long> answered, int answersBetween, Random random)
{
    // For what must happen sooner or later, on a busy machine too.
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public TestCluster Cluster => cluster;

    public Random Random => random;

    /// <summary>Processes that were killed.</summary>
    public int Kills { get; set; }

    /// <summary>Ills that are over, of any kind.</summary>
    public int Ills { get; private set; }

    public int Rounds { get; private set; }

    public async Task RunAsync(params Ill[] ills)
    {
        random.Shuffle(ills);
        foreach (var ill in ills)
        {
            await LoadGoesOnAsync();
            await ill.StrikeAsync(this);
            Ills++;
        }

        await LoadGoesOnAsync();
        Rounds++;
    }

    public Member AnyMember() => cluster.Members[random.Next(cluster.Members.Count)];

    public Task LoadGoesOnAsync() => LoadGoesOnAsync(answersBetween);

    public Task LoadGoesOnAsync(int answers)
    {
        var goal = answered() + answers;
        return Until.TrueAsync("the load goes on", Limit, () => answered() >= goal);
    }
}
