namespace Raftd.Node.Peers;

/// <summary>The routes on a member's peer address. All are POST over HTTP/2.</summary>
internal static class PeerPaths
{
    /// <summary>Votes, heartbeats, read index: small, and never behind a large entry.</summary>
    public const string Control = "/raft/control";

    /// <summary>Entries and their acknowledgements.</summary>
    public const string Entries = "/raft/entries";

    /// <summary>One request for each snapshot.</summary>
    public const string Snapshot = "/raft/snapshot";

    /// <summary>A command for the leader to propose; the answer is the encoded result.</summary>
    public const string Propose = "/raft/propose";

    /// <summary>Any other call for the leader, by name.</summary>
    public const string Call = "/raft/call/";
}
