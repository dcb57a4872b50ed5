namespace Raftd.Raft;

internal enum VoteResult
{
    /// <summary>The answers that are missing can still decide it.</summary>
    Pending,

    /// <summary>A voter refused, and the grants that can still come make no majority of sound voters.</summary>
    Lost,

    /// <summary>A majority granted whose members are all sound.</summary>
    Won,

    /// <summary>All voters granted, though too many of them are recovering for the plain majority.</summary>
    WonUnanimously,
}
