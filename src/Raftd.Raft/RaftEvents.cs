namespace Raftd.Raft;

/// <summary>Something an operator may want to know. The core has no logger: the replica turns these into lines and counts.</summary>
public abstract record RaftEvent;

public enum CampaignKind
{
    PreElection,
    Election,

    /// <summary>Without a pre-vote, because the leader asked for it.</summary>
    Transfer,
}

public enum StepDownReason
{
    /// <summary>A message of a higher term came.</summary>
    HigherTerm,

    /// <summary>No majority answered within an election timeout (thesis 6.2).</summary>
    LostQuorum,

    /// <summary>Its oldest write has been under way for longer than an election timeout.</summary>
    DiskStalled,

    /// <summary>A configuration in which it is no voter is committed.</summary>
    Removed,
}

public enum VoteRefusal
{
    /// <summary>The voter has heard from a leader within an election timeout.</summary>
    LeaderAlive,

    /// <summary>The candidate's term is behind.</summary>
    OldTerm,

    /// <summary>The vote of the term is another candidate's, or the term has a leader already.</summary>
    AlreadyVoted,

    /// <summary>The candidate's log is less up to date than the voter's (paper, 5.4.1).</summary>
    LogBehind,
}

public enum RecoveryReason
{
    /// <summary>The log found a torn or damaged tail.</summary>
    DamagedLog,

    /// <summary>The log is shorter than what this member is known to have acknowledged.</summary>
    MissingEntries,
}

public enum RecoveryEnd
{
    /// <summary>A leader confirmed that everything that may have been lost is here again.</summary>
    CaughtUp,

    /// <summary>Elected by all voters: no log is more up to date.</summary>
    ElectedUnanimously,

    /// <summary>There is no other voter to recover from.</summary>
    SoleVoter,
}

public sealed record CampaignStarted(ulong Term, CampaignKind Campaign) : RaftEvent;

public sealed record CampaignLost(ulong Term, CampaignKind Campaign) : RaftEvent;

public sealed record BecameLeader(ulong Term, bool Unanimously) : RaftEvent;

public sealed record SteppedDown(ulong Term, StepDownReason Reason) : RaftEvent;

public sealed record VoteGranted(NodeId Candidate, ulong Term, bool PreVote) : RaftEvent;

public sealed record VoteRefused(NodeId Candidate, ulong Term, bool PreVote, VoteRefusal Reason) : RaftEvent;

public sealed record TermSeen(ulong OldTerm, ulong NewTerm, NodeId From) : RaftEvent;

public sealed record ConflictTruncated(ulong FromIndex, ulong OldLastIndex, ulong NewTerm) : RaftEvent;

public sealed record ConfigurationChanged(ulong Index, Configuration Configuration) : RaftEvent;

public sealed record ConfigurationRolledBack(ulong FromIndex, ulong ToIndex, Configuration Configuration) : RaftEvent;

public sealed record PeerStateChanged(NodeId Peer, ProgressState State, ulong Match, ulong Next) : RaftEvent;

public sealed record PeerRecovering(NodeId Peer, ulong TargetIndex) : RaftEvent;

public sealed record PeerRecovered(NodeId Peer) : RaftEvent;

public sealed record RecoveryStarted(RecoveryReason Reason) : RaftEvent;

public sealed record RecoveryEnded(RecoveryEnd Reason) : RaftEvent;

public sealed record DiskStalled(ulong AgeTicks) : RaftEvent;

public sealed record ReadRoundRetried(ulong ReadId, int Attempt) : RaftEvent;

public sealed record TransferStarted(NodeId To) : RaftEvent;

public sealed record TransferAborted(NodeId To) : RaftEvent;

public sealed record SnapshotAccepted(EntryId Id, NodeId From) : RaftEvent;

/// <summary>The received snapshot tells nothing new: the replica throws it away.</summary>
public sealed record SnapshotIgnored(EntryId Id, NodeId From) : RaftEvent;

/// <summary>A message that no correct peer sends.</summary>
public sealed record MessageDropped(NodeId From, MessageKind Kind, string Reason) : RaftEvent;
