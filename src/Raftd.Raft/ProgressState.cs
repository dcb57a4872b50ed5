namespace Raftd.Raft;

/// <summary>How the leader sends to a peer.</summary>
public enum ProgressState
{
    /// <summary>The leader does not know where the logs part: it sends at most one append per heartbeat to find out.</summary>
    Probe,

    /// <summary>The logs agree: appends are pipelined, the next index advances when they are sent.</summary>
    Replicate,

    /// <summary>The entries it needs are compacted: the replica streams a snapshot and no append is sent.</summary>
    Snapshot,
}
