namespace Raftd.Raft;

/// <summary>The whole log: its newest part in memory, the rest in storage, and how far each stage has come.</summary>
/// <remarks>
/// <code>
///   FirstIndex                 Window.First                                    LastIndex
///      |--------- storage ----------|------------------ memory -------------------|
///                Applied &lt;= Applying &lt;= min(Commit, Stable)      Stable &lt;= Written &lt;= LastIndex
/// </code>
/// Stable: durable here. Written: handed out to be written. Applying: handed out to be applied.
///
/// Invariants:
/// - Commit &lt;= LastIndex, and Commit only rises.
/// - Only entries above Commit are cut off.
/// - What is not in memory is stable, so storage is never asked for a write in flight.
/// - No entry is handed out to be applied before it is stable. A state that holds an entry which the log does not have yet
///   would be ahead of its own log after a crash, and a sole voter would have answered a client from memory alone
///   (failures 2 and 7 of docs/failures.md). A snapshot that is being installed counts as handed out although it is not
///   durable yet: until it is, Stable lies below Applying, and nothing is handed out.
///
/// Commit and Stable are independent: a leader's majority may do without this disk, and this disk may be ahead of the
/// majority.
/// </remarks>
internal sealed class RaftLog
{
    private readonly IRaftStorage _storage;
    private readonly long _maxCachedBytes;
    private readonly EntryWindow _window;

    /// <summary>The last entry of a snapshot that was taken in. Storage shows the old log until the snapshot is durable, so
    /// the log's start and its term are remembered here.</summary>
    private EntryId _base;

    public RaftLog(IRaftStorage storage, ulong commit, ulong applied, long maxCachedBytes)
    {
        _storage = storage;
        _maxCachedBytes = maxCachedBytes;
        _window = new EntryWindow(storage.LastIndex + 1);
        Stable = Written = storage.LastIndex;
        Commit = commit;
        Applied = Applying = applied;
        Invariant.Check(
            applied + 1 >= storage.FirstIndex, $"the log starts at {storage.FirstIndex}, the state has entries up to {applied} only");
        Invariant.Check(applied <= commit, $"the state has entries up to {applied}, commit is {commit}");
        Invariant.Check(commit <= storage.LastIndex, $"commit is {commit}, the log ends at {storage.LastIndex}");
    }

    /// <summary>Entries from here on are in memory.</summary>
    public ulong FirstInMemory => _window.First;

    public ulong FirstIndex => Math.Max(_base.Index + 1, _storage.FirstIndex);

    public ulong LastIndex => _window.End - 1;

    public EntryId Last => new(Term(LastIndex), LastIndex);

    public ulong Stable { get; private set; }

    public ulong Written { get; private set; }

    public ulong Commit { get; private set; }

    public ulong Applying { get; private set; }

    public ulong Applied { get; private set; }

    public ulong Term(ulong index)
    {
        var known = TryTerm(index, out var term);
        Invariant.Check(known, $"term of {index} asked of a log [{FirstIndex}, {LastIndex}]");
        return term;
    }

    /// <summary>False when the index is compacted or above the last one. The index before the first one still has a term:
    /// an append after it needs that to be compared.</summary>
    public bool TryTerm(ulong index, out ulong term)
    {
        term = 0;
        if (index + 1 < FirstIndex || index > LastIndex)
        {
            return false;
        }

        if (index >= _window.First)
        {
            term = _window[index].Term;
        }
        else
        {
            term = index == _base.Index ? _base.Term : _storage.Term(index);
        }

        return true;
    }

    public bool Matches(EntryId id) => TryTerm(id.Index, out var term) && term == id.Term;

    /// <summary>[low, high), cut short at <paramref name="maxBytes"/> or where memory begins, never empty if the range is not.</summary>
    public IReadOnlyList<Entry> Slice(ulong low, ulong high, long maxBytes)
    {
        if (low >= high)
        {
            return [];
        }

        Invariant.Check(low >= FirstIndex && high <= _window.End, $"[{low}, {high}) asked of [{FirstIndex}, {LastIndex}]");
        return low >= _window.First
            ? _window.Slice(low, high, maxBytes)
            : FromStorage(low, Math.Min(high, _window.First), maxBytes);
    }

    /// <remarks>Both ends are compared and not each entry: the log checks its records one by one when it reads them.</remarks>
    private IReadOnlyList<Entry> FromStorage(ulong low, ulong high, long maxBytes)
    {
        var entries = _storage.Entries(low, high, maxBytes);
        Invariant.Check(entries.Count > 0, $"storage has no entry of [{low}, {high})");
        Invariant.Check(entries[0].Index == low, $"storage gave entry {entries[0].Id} for [{low}, {high})");
        Invariant.Check(
            entries[^1].Index == low + (ulong)entries.Count - 1 && entries[^1].Index < high,
            $"storage gave {entries.Count} entries up to {entries[^1].Id} for [{low}, {high})");
        return entries;
    }

    /// <summary>
    /// The highest index up to <paramref name="index"/> whose term is at most <paramref name="term"/>: above it the two logs
    /// cannot agree, so one exchange skips a whole term and not one entry (paper, end of 5.3).
    /// </summary>
    /// <remarks>Terms never fall along a log. That makes the walk right, and it ends at the first compacted index.</remarks>
    public EntryId HighestNotAfter(ulong index, ulong term)
    {
        for (; index > 0; index--)
        {
            if (!TryTerm(index, out var own))
            {
                // Compacted, or above the end of this log. What is compacted is committed, and so equal in every log.
                return new EntryId(0, index);
            }

            if (own <= term)
            {
                return new EntryId(own, index);
            }
        }

        return default;
    }

    public void Append(Entry entry) => _window.Append(entry);

    /// <summary>Cuts off everything from <paramref name="index"/> on; other entries must follow in its place.</summary>
    /// <remarks>Stable falls with it: the same indexes are durable again only when the new entries are.</remarks>
    public void TruncateFrom(ulong index)
    {
        Invariant.Check(index > Commit, $"truncation from {index} would cut off the committed {Commit}");
        _window.TruncateFrom(index);
        Stable = Math.Min(Stable, index - 1);
        Written = Math.Min(Written, index - 1);
    }

    public void CommitTo(ulong index)
    {
        Invariant.Check(index <= LastIndex, $"commit {index} beyond the last index {LastIndex}");
        Commit = Math.Max(Commit, index);
    }

    /// <summary>The entries not handed out to be written yet; from here on they count as handed out.</summary>
    public IReadOnlyList<Entry> TakeUnwritten()
    {
        var entries = Written < LastIndex ? _window.Slice(Written + 1, _window.End, long.MaxValue) : [];
        Written = LastIndex;
        return entries;
    }

    /// <summary>The disk has the log up to here.</summary>
    /// <remarks>Never lowers Stable: writes from before a snapshot was taken in report 0 (RaftNode.Restore).</remarks>
    public void StableTo(ulong index)
    {
        Invariant.Check(index <= Written, $"{index} reported durable, only {Written} was handed out");
        Stable = Math.Max(Stable, index);
        Evict();
    }

    /// <remarks>
    /// The lower of the two, whichever that is: a leader's majority may have committed what its own disk lacks, and a
    /// follower's disk may have what no majority has yet.
    /// </remarks>
    public bool HasCommittedToHandOut => Applying < Math.Min(Commit, Stable);

    public IReadOnlyList<Entry> TakeCommitted(long maxBytes)
    {
        var entries = Slice(Applying + 1, Math.Min(Commit, Stable) + 1, maxBytes);
        if (entries.Count > 0)
        {
            Applying = entries[^1].Index;
            Invariant.Check(Applying <= Commit, $"entries up to {Applying} would be applied, commit is {Commit}");
            Invariant.Check(Applying <= Stable, $"entries up to {Applying} would be applied, durable are those up to {Stable}");
        }

        return entries;
    }

    public void AppliedTo(ulong index)
    {
        Invariant.Check(index <= Applying, $"{index} reported applied, only {Applying} was handed out");
        Applied = Math.Max(Applied, index);
    }

    /// <summary>Restarts the log behind a snapshot. The snapshot itself is durable only when its write is reported so.</summary>
    /// <remarks>
    /// Stable falls to the old commit index at most: up to there the old log and the snapshot agree. Above it an index now
    /// means another entry, which is not durable.
    /// </remarks>
    public void Restore(EntryId snapshot)
    {
        Invariant.Check(snapshot.Index > Commit, $"snapshot at {snapshot} is not ahead of the committed {Commit}");
        _base = snapshot;
        _window.Restart(snapshot.Index + 1);
        Stable = Math.Min(Stable, Commit);
        Written = Commit = Applying = snapshot.Index;
    }

    /// <summary>Drops the oldest entries from memory, durable ones only: storage cannot give back the others.</summary>
    private void Evict()
    {
        while (_window.Bytes > _maxCachedBytes && !_window.IsEmpty && _window.First <= Stable)
        {
            _window.DropFirst();
        }
    }
}
