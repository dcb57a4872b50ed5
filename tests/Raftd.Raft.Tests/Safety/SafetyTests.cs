namespace Raftd.Raft.Tests.Safety;

/// <summary>A small search for broken promises inside this project; the simulator of whole members is another one.</summary>
public sealed class SafetyTests(ITestOutputHelper output)
{
    private const int Steps = 6000;

    /// <summary>More by RAFTD_SEEDS, for a search by hand.</summary>
    private static int Seeds =>
        int.TryParse(Environment.GetEnvironmentVariable("RAFTD_SEEDS"), out var seeds) ? seeds : 40;

    [Fact]
    public void Promises_FaultyNetworkAndCrashes_Hold() => Search(seed => new RandomCluster(seed));

    [Fact]
    public void Promises_MinorityLosesWhatItAcknowledged_Hold() => Search(seed => new RandomCluster(seed) { Damage = true });

    [Fact]
    public void Promises_MembersComeAndGo_Hold() => Search(seed => new RandomCluster(seed) { Membership = true });

    private void Search(Func<int, RandomCluster> found)
    {
        var committed = 0UL;
        var reads = 0;
        for (var seed = 1; seed <= Seeds; seed++)
        {
            try
            {
                var cluster = found(seed);
                cluster.Run(Steps);
                cluster.Heal();
                cluster.CheckLogs();
                committed += cluster.Committed;
                reads += cluster.Reads;
            }
            catch (Exception broken)
            {
                throw new InvalidOperationException($"seed {seed}: {broken.Message}", broken);
            }
        }

        output.WriteLine($"{Seeds} seeds, {committed} entries committed, {reads} reads answered");

        // A search that commits nothing finds nothing.
        Assert.True(committed > (ulong)(20 * Seeds), $"only {committed} entries committed");
        Assert.True(reads > Seeds, $"only {reads} reads answered");
    }
}
