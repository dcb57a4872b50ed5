namespace Raftd.Raft;

/// <summary>What became of a proposal. Anything but <see cref="Accepted"/> means: certainly not in any log.</summary>
public enum ProposeResult
{
    /// <summary>Appended to the leader's log. It may still be lost with the leadership.</summary>
    Accepted,

    NotLeader,

    /// <summary>The uncommitted tail is full: the caller waits or refuses.</summary>
    Dropped,

    /// <summary>Leadership is being handed over; ask again after at most an election timeout.</summary>
    Transferring,

    /// <summary>An earlier configuration change is not committed yet.</summary>
    ChangePending,

    /// <summary>No entry of this term is committed yet, so the configuration in force is not known to be safe to change.</summary>
    NotReady,

    /// <summary>No voters, or more than one voter differs.</summary>
    Invalid,
}
