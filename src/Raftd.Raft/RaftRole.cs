namespace Raftd.Raft;

/// <summary>The roles of the paper (5.1), and the pre-candidate of the thesis (9.6).</summary>
public enum RaftRole
{
    Follower,
    PreCandidate,
    Candidate,
    Leader,
}
