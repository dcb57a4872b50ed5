using Microsoft.Extensions.Logging;

namespace Raftd.Peers;

/// <summary>Log lines of the streams between peers, with ids among those of members (NodeLog), which never change.</summary>
internal static partial class PeerLog
{
    [LoggerMessage(1102, LogLevel.Warning, "refused a peer that calls itself {Peer}: {Reason}")]
    public static partial void PeerRefused(ILogger logger, string peer, string reason);

    [LoggerMessage(1300, LogLevel.Debug, "{Count} requests look for a leader; the first: {Reason}")]
    public static partial void LeaderSought(ILogger logger, int count, string reason);
}
