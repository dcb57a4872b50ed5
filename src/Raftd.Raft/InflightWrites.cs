namespace Raftd.Raft;

/// <summary>The writes that were handed out and are not reported durable yet, oldest first.</summary>
/// <remarks>
/// The naive way remembers the last index written and believes any report up to it. It fails when a suffix is overwritten
/// while its write is under way: the late report of the old entries then marks the new ones at the same indexes as
/// durable, and an acknowledgement leaves for entries that are only in memory (failure 20 of docs/failures.md).
/// So every write is known by its sequence number, and a truncation at k lowers the last index of every write in
/// flight to k - 1: what they report afterwards is only the part of them that is still in the log.
/// <code>
///   write 7: entries up to 12        a new leader overwrites 10       write 8: entries up to 11
///            12                  ->  9                            ->  7: 9   8: 11
///   7 reported: durable up to 9, not 12.   8 reported: durable up to 11.
/// </code>
/// Invariant: sequence numbers rise and terms never fall along the list.
/// </remarks>
internal sealed class InflightWrites
{
    internal readonly record struct Write(ulong Sequence, ulong LastIndex, ulong Term, ulong IssuedAtTick);

    // A list, not a queue: truncation changes what is in the middle. Group commit keeps it a few entries long.
    private readonly List<Write> _writes = [];

    public bool IsEmpty => _writes.Count == 0;

    public void Add(Write write)
    {
        if (_writes.Count > 0)
        {
            var last = _writes[^1];
            Invariant.Check(write.Sequence > last.Sequence, $"write {write.Sequence} follows write {last.Sequence}");
            Invariant.Check(write.Term >= last.Term, $"write {write.Sequence} of term {write.Term} follows one of term {last.Term}");
        }

        _writes.Add(write);
    }

    public void TruncateFrom(ulong index)
    {
        for (var i = 0; i < _writes.Count; i++)
        {
            _writes[i] = _writes[i] with { LastIndex = Math.Min(_writes[i].LastIndex, index - 1) };
        }
    }

    /// <summary>Forgets the writes up to a sequence number and says what they have made durable.</summary>
    public bool TryComplete(ulong sequence, out ulong lastIndex, out ulong term)
    {
        lastIndex = 0;
        term = 0;
        var done = 0;
        while (done < _writes.Count && _writes[done].Sequence <= sequence)
        {
            lastIndex = Math.Max(lastIndex, _writes[done].LastIndex);
            term = _writes[done].Term;
            done++;
        }

        _writes.RemoveRange(0, done);
        return done > 0;
    }

    public ulong OldestAgeTicks(ulong now) => _writes.Count == 0 ? 0 : now - _writes[0].IssuedAtTick;
}
