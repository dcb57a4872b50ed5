namespace Raftd.Node.Peers;

/// <summary>How fast a member finds a peer again whose address did not answer: what the dialling side keeps to, and a founder
/// relies on.</summary>
internal static class PeerReconnect
{
    public static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>Between two attempts. Below an election timeout: a peer that comes back hears of its leader
    /// before it campaigns.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(500);

    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);

    /// <summary>From dialling to the peer's answer to the stream, on a machine that is busy.</summary>
    public static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(5);

    // An attempt ends and begins with a tick of the peers' loop, and a busy machine is late.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(250);

    /// <summary>From the moment that a member listens, each living peer that knows it has called within this: an attempt may
    /// have begun just before, and then fails, pauses and is made again.</summary>
    public static TimeSpan Bound => ConnectTimeout + LongestDelay + Slack;
}
