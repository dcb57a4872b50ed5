namespace Raftd.Raft;

internal enum VoteResult
{
    Pending,
    Lost,

    /// <summary>A majority granted whose members are all sound.</summary>
    Won,

    /// <summary>All voters granted, though too many of them are recovering for the plain majority.</summary>
    WonUnanimously,
}
