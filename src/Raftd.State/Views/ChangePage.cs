using Raftd.State.Keyspaces;

namespace Raftd.State.Views;

/// <summary>Some changes, without a gap, the oldest first; deletions are tombstones.</summary>
/// <param name="Changes">At least one, where there is any.</param>
/// <param name="Next">The first change that is not among them; null when none is left.</param>
public sealed record ChangePage(IReadOnlyList<RevisionRecord> Changes, Revision? Next);
