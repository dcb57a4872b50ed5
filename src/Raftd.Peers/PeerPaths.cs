namespace Raftd.Peers;

/// <summary>The routes on a peer address. All are POST over HTTP/2.</summary>
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

    /// <summary>What the leading front has committed, to each other front.</summary>
    public const string Hints = "/front/hints";
}
