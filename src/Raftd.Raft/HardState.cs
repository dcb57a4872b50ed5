namespace Raftd.Raft;

/// <summary>What must survive a crash besides the log (paper, Figure 2, persistent state).</summary>
/// <param name="Term">The latest term seen.</param>
/// <param name="Vote">The candidate that got this member's vote in that term, or none.</param>
/// <param name="Commit">Not needed for safety and therefore not synced for its own sake; it shortens the restart.</param>
/// <param name="Recovering">
/// This member may have lost entries that it acknowledged. Until a leader has made them whole it counts neither for a
/// commit nor, short of unanimity, for an election. See docs/raft.md.
/// </param>
public readonly record struct HardState(ulong Term, NodeId Vote, ulong Commit, bool Recovering);
