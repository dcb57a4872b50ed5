namespace Raftd.Peers;

/// <summary>How soon a member dials a peer again whose address did not answer. The dialling side keeps to these bounds, and a
/// founder relies on them.</summary>
internal static class PeerReconnect
{
    public static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>Between two attempts. Below an election timeout, so that a peer that comes back hears its leader before it
    /// campaigns.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(500);

    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);

    /// <summary>From dialling to the peer's answer, with room for a busy machine.</summary>
    public static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(5);

    // Attempts end and begin with a tick of the peers' loop, which is late on a busy machine.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(250);

    /// <summary>Within this time from the moment that a member listens, each living peer that knows it has called: an attempt may
    /// have begun just before that moment, and then fails, pauses and is made again.</summary>
    public static TimeSpan Bound => ConnectTimeout + LongestDelay + Slack;
}
