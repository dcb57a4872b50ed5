namespace Raftd.Raft.Tests;

public sealed class QuorumTests
{
    /// <summary>The definition, without cleverness: the largest index that more than half have reached.</summary>
    private static ulong BruteForce(ulong[] matches)
    {
        var best = 0UL;
        foreach (var candidate in matches)
        {
            var reached = matches.Count(match => match >= candidate);
            best = 2 * reached > matches.Length ? Math.Max(best, candidate) : best;
        }

        return best;
    }

    [Fact]
    public void CommittedIndex_RandomVoters_AgreesWithBruteForce()
    {
        const int seed = 20;
        var random = new Random(seed);
        for (var i = 0; i < 50_000; i++)
        {
            var matches = new ulong[random.Next(0, 10)];
            for (var j = 0; j < matches.Length; j++)
            {
                matches[j] = (ulong)random.Next(0, 12);
            }

            var expected = BruteForce(matches);
            Assert.True(expected == Quorum.CommittedIndex([.. matches]), $"seed {seed}, case {i}: {string.Join(' ', matches)}");
        }
    }

    [Fact]
    public void Of_TwoMajorities_AlwaysShareAMember()
    {
        for (var voters = 1; voters < 100; voters++)
        {
            Assert.True(2 * Quorum.Of(voters) > voters);
            Assert.True(2 * (Quorum.Of(voters) - 1) <= voters);

            // Also across a change of one voter, which is what single-server changes rest on.
            Assert.True(Quorum.Of(voters) + Quorum.Of(voters + 1) > voters + 1);
        }
    }
}
