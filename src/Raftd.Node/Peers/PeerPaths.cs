using Raftd.Raft;

namespace Raftd.Node.Peers;

/// <summary>The routes on a member's peer address. All are POST over HTTP/2.</summary>
internal static class PeerPaths
{
    /// <summary>Votes, heartbeats, read index: small, and never behind a large entry.</summary>
    public const string Control = "/raft/control";

    /// <summary>Entries and their acknowledgements.</summary>
    public const string Entries = "/raft/entries";

    /// <summary>One stream for each attempt to send a snapshot.</summary>
    public const string Snapshot = "/raft/snapshot";

    /// <summary>Commands for the leader to propose, and their results.</summary>
    public const string Proposals = "/raft/proposals";

    /// <summary>Other calls for the leader. A keepalive that needs no entry must not wait behind a large value.</summary>
    public const string Calls = "/raft/calls";

    public static bool IsEntries(MessageKind kind) => kind is MessageKind.MsgApp or MessageKind.MsgAppResp;

    /// <summary>Whether a message of this kind belongs on a stream of this path.</summary>
    /// <remarks>A MsgSnap belongs on none: the member steps it itself, once it has the snapshot.</remarks>
    public static bool Carries(string path, MessageKind kind) => kind != MessageKind.MsgSnap && IsEntries(kind) == (path == Entries);
}
