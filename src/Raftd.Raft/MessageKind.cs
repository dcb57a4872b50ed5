namespace Raftd.Raft;

/// <summary>What a message is. The names are etcd's; the values are wire format and never reused.</summary>
public enum MessageKind : byte
{
    MsgApp = 1,
    MsgAppResp = 2,
    MsgVote = 3,
    MsgVoteResp = 4,
    MsgPreVote = 5,
    MsgPreVoteResp = 6,
    MsgHeartbeat = 7,
    MsgHeartbeatResp = 8,
    MsgReadIndex = 9,
    MsgReadIndexResp = 10,
    MsgTimeoutNow = 11,

    /// <summary>A streamed snapshot is complete and verified at the receiver, which steps this itself.</summary>
    MsgSnap = 12,
}
