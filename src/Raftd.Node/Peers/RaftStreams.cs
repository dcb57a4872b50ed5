using Raftd.Peers;
using Raftd.Raft;

namespace Raftd.Node.Peers;

/// <summary>Which message travels on which stream.</summary>
internal static class RaftStreams
{
    public static bool IsEntries(MessageKind kind) => kind is MessageKind.MsgApp or MessageKind.MsgAppResp;

    /// <summary>Whether a message of this kind belongs on a stream of this path.</summary>
    /// <remarks>A MsgSnap belongs on none: the member steps it itself, once it has the snapshot.</remarks>
    public static bool Carries(string path, MessageKind kind) =>
        kind != MessageKind.MsgSnap && IsEntries(kind) == (path == PeerPaths.Entries);
}
