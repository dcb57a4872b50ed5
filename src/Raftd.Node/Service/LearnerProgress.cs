using Raftd.Raft;

namespace Raftd.Node.Service;

/// <summary>How far a learner has come, as the leader sees it.</summary>
internal readonly record struct LearnerProgress(ulong Match, ulong Commit, bool IsActive)
{
    /// <summary>It has everything that is committed, and answered lately: as a voter it would not hold up a commit.</summary>
    public bool HasCaughtUp => IsActive && Match >= Commit;

    public static LearnerProgress Of(RaftNode raft, NodeId id)
    {
        foreach (var peer in raft.Progress)
        {
            if (peer.Id == id)
            {
                return new LearnerProgress(peer.Match, raft.Commit, peer.RecentActive && !peer.Recovering);
            }
        }

        return new LearnerProgress(0, raft.Commit, IsActive: false);
    }
}
