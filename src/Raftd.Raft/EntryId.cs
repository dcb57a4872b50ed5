namespace Raftd.Raft;

/// <summary>Names one log entry. Two entries with the same term and index are the same entry (paper, 5.3).</summary>
public readonly record struct EntryId(ulong Term, ulong Index)
{
    /// <summary>The up-to-date order of votes (paper, 5.4.1): the later term wins, then the longer log.</summary>
    public bool IsAtLeast(EntryId other) => Term > other.Term || (Term == other.Term && Index >= other.Index);

    public override string ToString() => $"{Term}/{Index}";
}
