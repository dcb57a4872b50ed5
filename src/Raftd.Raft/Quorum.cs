namespace Raftd.Raft;

/// <summary>The arithmetic of majorities.</summary>
public static class Quorum
{
    /// <summary>The smallest majority of n. Two majorities of n share a member: that is all of Raft's safety.</summary>
    public static int Of(int voters) => (voters / 2) + 1;

    /// <summary>
    /// The largest index that a majority has reached, given what each voter has. Sorts its argument.
    /// </summary>
    /// <remarks>
    /// In ascending order the value at n - majority is reached by itself and everything to its right: a majority.
    /// <code>
    ///   n = 5   [ 2  4 |5| 7  9 ]   three voters have at least 5
    ///   n = 4   [ 2 |4| 5  7 ]      three voters have at least 4
    /// </code>
    /// No voters means nothing can be committed.
    /// </remarks>
    public static ulong CommittedIndex(Span<ulong> matches)
    {
        if (matches.IsEmpty)
        {
            return 0;
        }

        matches.Sort();
        return matches[matches.Length - Of(matches.Length)];
    }
}
