namespace Raftd.Raft;

/// <summary>One message between members: flat, and each kind uses the fields it needs; the others are zero.</summary>
/// <remarks>
/// <code>
/// MsgApp            Index, LogTerm = the entry before; Entries; Commit; Unanswered
/// MsgAppResp        Index = last index agreed on, or the one rejected; Reject, RejectHint, LogTerm = its term; Nonce, Recovering
/// MsgVote, PreVote  Index, LogTerm = the candidate's last entry; Force = a leader asked for this election
/// Msg(Pre)VoteResp  Reject; Nonce, Recovering
/// MsgHeartbeat      Commit; ReadId = the round it belongs to, or 0; Index = the leader's count of recoveries;
///                   Nonce = the start of a recovering peer, or 0; Recovered = that start is whole
/// MsgHeartbeatResp  ReadId, Index repeated; AnsweredNonce = the heartbeat's; Nonce, Recovering
/// MsgReadIndex      ReadId = the asker's batch
/// MsgReadIndexResp  ReadId repeated; Index
/// MsgSnap           Snapshot
/// </code>
/// </remarks>
public sealed class Message
{
    public required MessageKind Kind { get; init; }

    public NodeId To { get; init; }

    public NodeId From { get; init; }

    /// <summary>The sender's term; for a pre-vote and its grant, the term the election would have.</summary>
    public ulong Term { get; init; }

    public ulong LogTerm { get; init; }

    public ulong Index { get; init; }

    public ulong Commit { get; init; }

    /// <summary>Contiguous, from <see cref="Index"/> + 1.</summary>
    public IReadOnlyList<Entry> Entries { get; init; } = [];

    public bool Reject { get; init; }

    public ulong RejectHint { get; init; }

    public ulong ReadId { get; init; }

    /// <summary>Tells one start of a member from the next.</summary>
    public ulong Nonce { get; init; }

    /// <summary>Proves that the answer was given after the leader knew of that start.</summary>
    public ulong AnsweredNonce { get; init; }

    public bool Force { get; init; }

    public bool Recovering { get; init; }

    public bool Recovered { get; init; }

    /// <summary>
    /// An append that carries only a commit index, to a peer that has acknowledged all it was sent. Accepting it says nothing
    /// new, so the peer answers only to refuse it.
    /// </summary>
    public bool Unanswered { get; init; }

    public SnapshotMetadata? Snapshot { get; init; }
}
