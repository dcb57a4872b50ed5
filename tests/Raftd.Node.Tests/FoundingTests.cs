using Raftd.Node.Membership;
using Raftd.Peers;

namespace Raftd.Node.Tests;

public sealed class FoundingTests
{
    private static readonly MemberIdentity Empty = new()
    {
        Format = MemberIdentity.CurrentFormat,
        Instance = 1,
        Label = "n1",
    };

    /// <summary>The others try again by times of their own: a founder with a short election timeout waits for them too, or it
    /// founds a second cluster beside theirs.</summary>
    [Theory]
    [InlineData(50)]
    [InlineData(1000)]
    [InlineData(60_000)]
    public void Wait_AnyElectionTimeout_CoversThatOfThePeersAndTheirReconnecting(int milliseconds)
    {
        var electionTimeout = TimeSpan.FromMilliseconds(milliseconds);

        var founding = new Founding(Empty, generator: null, "/data", electionTimeout, "http");

        Assert.True(founding.Wait >= 1.5 * electionTimeout);
        Assert.True(founding.Wait > PeerReconnect.ConnectTimeout + PeerReconnect.LongestDelay);
    }

    [Fact]
    public void End_NoPeerHasCalled_IsAMemberOfAClusterOfItsOwn()
    {
        var founding = new Founding(Empty, generator: 7, "/data", TimeSpan.FromSeconds(1), "http");

        var founder = founding.End();

        Assert.False(founding.Called.IsCompleted);
        Assert.True(founder is { IsMember: true, IsFounder: true, HasStarted: false, Generator: 7, Label: "n1", Instance: 1 });
        Assert.NotEqual(0ul, founder.ClusterId);
    }

    [Fact]
    public void Knock_APeerThatKnowsTheAddress_IsToldToComeAgainAndNoClusterIsFounded()
    {
        var founding = new Founding(Empty, generator: null, "/data", TimeSpan.FromSeconds(1), "http");
        var stream = new HeldStream();

        founding.Knock(new PeerHandshake(0xC1, 2, 1, "n2", "n1"), stream);

        Assert.Equal((PeerStatus.Unavailable, false), (stream.Status, stream.IsAborted));
        Assert.True(founding.Called.IsCompletedSuccessfully);
        var refusal = Assert.Throws<FatalStopException>(founding.End);
        Assert.Equal(FatalReason.FoundingRefused, refusal.Reason);
        Assert.Contains("n2 of cluster 00000000000000c1", refusal.What, StringComparison.Ordinal);
        Assert.Contains("-X DELETE http://<a member>/members/n1", refusal.Remedy, StringComparison.Ordinal);
    }
}
