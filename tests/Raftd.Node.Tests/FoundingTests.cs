using Raftd.Node.Membership;
using Raftd.Node.Peers;

namespace Raftd.Node.Tests;

public sealed class FoundingTests
{
    /// <summary>The others try again by times of their own: a founder with a short election timeout waits for them too, or it
    /// founds a second cluster beside theirs.</summary>
    [Theory]
    [InlineData(50)]
    [InlineData(1000)]
    [InlineData(60_000)]
    public void WaitOf_AnyElectionTimeout_CoversThatOfThePeersAndTheirReconnecting(int milliseconds)
    {
        var electionTimeout = TimeSpan.FromMilliseconds(milliseconds);

        var wait = Founding.WaitOf(electionTimeout);

        Assert.True(wait >= 1.5 * electionTimeout);
        Assert.True(wait > PeerReconnect.ConnectTimeout + PeerReconnect.LongestDelay);
    }
}
