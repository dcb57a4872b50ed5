namespace Raftd.Raft.Tests;

public sealed class VoteTallyTests
{
    /// <summary>y and n are sound votes, Y and N those of recovering voters, . has not answered.</summary>
    [Theory]
    [InlineData("yy.", false, "Won")]
    [InlineData("y..", false, "Pending")]
    [InlineData("ynn", false, "Lost")]
    [InlineData("yY.", false, "Pending")]
    [InlineData("yYY", false, "WonUnanimously")]
    [InlineData("yYn", false, "Lost")]
    [InlineData("yY.yy", false, "Won")]
    [InlineData("YYYYY", false, "WonUnanimously")]
    [InlineData("yYY.n", false, "Lost")]
    [InlineData("yyY.n", false, "Pending")]
    [InlineData("Yyy", true, "WonUnanimously")]
    [InlineData("Yyy..", true, "Pending")]
    [InlineData("Yyyyn", true, "Lost")]
    [InlineData("y", false, "Won")]
    [InlineData("", false, "Pending")]
    public void Result_SomeVotersRecover_IsWonBySoundMajorityOrByAll(string votes, bool candidateRecovering, string expected)
    {
        var tally = new VoteTally();
        for (var i = 0; i < votes.Length; i++)
        {
            if (votes[i] != '.')
            {
                tally.Record(new NodeId((ulong)i + 1), votes[i] is 'y' or 'Y', char.IsUpper(votes[i]), nonce: 0);
            }
        }

        var voters = Enumerable.Range(1, votes.Length).Select(id => new NodeId((ulong)id));
        Assert.Equal(expected, tally.Result(new Configuration(voters, []), candidateRecovering).ToString());
    }

    [Fact]
    public void Record_TheSameVoterTwice_CountsTheFirst()
    {
        var tally = new VoteTally();
        tally.Record(new NodeId(1), granted: true, recovering: false, nonce: 0);
        tally.Record(new NodeId(2), granted: false, recovering: false, nonce: 0);
        tally.Record(new NodeId(2), granted: true, recovering: false, nonce: 0);
        Assert.Equal(VoteResult.Pending, tally.Result(new Configuration([new(1), new(2), new(3)], []), false));
    }

    [Fact]
    public void Record_AStranger_CountsNothing()
    {
        var tally = new VoteTally();
        tally.Record(new NodeId(1), granted: true, recovering: false, nonce: 0);
        tally.Record(new NodeId(9), granted: true, recovering: false, nonce: 0);
        Assert.Equal(VoteResult.Pending, tally.Result(new Configuration([new(1), new(2), new(3)], []), false));
    }
}
