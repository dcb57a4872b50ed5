using Raftd.Raft;

namespace Raftd.Node.Membership;

/// <summary>How far a learner has come, as the leader sees it.</summary>
internal readonly record struct LearnerProgress(ulong Match, ulong Commit, bool IsActive, bool KeepsUp)
{
    /// <summary>The learner answered lately, and has everything that is committed or keeps up with the writes: as a voter it
    /// would hold up a commit by less than an election timeout.</summary>
    public bool HasCaughtUp => IsActive && (Match >= Commit || KeepsUp);

    public static LearnerProgress Of(RaftNode raft, NodeId id)
    {
        foreach (var peer in raft.Progress)
        {
            if (peer.Id == id)
            {
                return new LearnerProgress(peer.Match, raft.Commit, peer.RecentActive && !peer.Recovering, peer.KeepsUp);
            }
        }

        return new LearnerProgress(0, raft.Commit, IsActive: false, KeepsUp: false);
    }
}
