namespace Raftd.Raft;

/// <summary>The durable log, as far as the core no longer holds it in memory.</summary>
/// <remarks>
/// The core asks only for what an earlier <see cref="RaftNode.Durable"/> confirmed, so a reader never meets a write in
/// flight. What the view shows may change only between two calls into the core: compaction moves
/// <see cref="FirstIndex"/> on the thread that steps the core. It throws only for requests outside the stated ranges.
/// </remarks>
public interface IRaftStorage
{
    /// <summary>The first index kept; one more than the last when the log is empty.</summary>
    ulong FirstIndex { get; }

    ulong LastIndex { get; }

    /// <summary>The term at an index in [FirstIndex - 1, LastIndex]; the term of index 0 is 0. From memory: it is asked with
    /// each append.</summary>
    ulong Term(ulong index);

    /// <summary>What is committed and to be applied, and the configurations at the start: entries for peers are asked for by
    /// <see cref="Ready.EntriesWanted"/>. Entries of [low, high), cut short at <paramref name="maxBytes"/> but never empty if the range is not.</summary>
    IReadOnlyList<Entry> Entries(ulong low, ulong high, long maxBytes);
}
