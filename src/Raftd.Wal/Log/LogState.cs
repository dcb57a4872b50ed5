namespace Raftd.Wal;

/// <summary>What a member must remember besides its entries (Raft paper, figure 2: persistent state).</summary>
/// <param name="Term">The highest term seen.</param>
/// <param name="Vote">The candidate that got this member's vote in the term; 0 for none.</param>
/// <param name="Commit">A lower bound of the commit index; may be behind, never ahead.</param>
/// <param name="Recovering">
/// The end of the log was torn: damage in the last group commit cannot be told from a write that never finished, so an
/// acknowledged entry may be missing. The log only remembers it; what a member does meanwhile is in docs/raft.md.
/// </param>
public readonly record struct LogState(ulong Term, ulong Vote, ulong Commit, bool Recovering)
{
    /// <summary>The state once an entry of this term is in the log; a state record, which follows its entries, may be torn off.</summary>
    /// <remarks>No vote is forgotten: a vote in that term would have been durable before the term's first entry.</remarks>
    internal LogState RaisedTo(ulong term) => term > Term ? this with { Term = term, Vote = 0 } : this;
}
