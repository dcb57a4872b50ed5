namespace Raftd.Raft;

/// <summary>The newest part of the log, in memory: a ring of entries with contiguous indexes [First, End).</summary>
/// <remarks>
/// A ring, because both ends move: entries are appended at one and evicted at the other, and a conflict cuts the newest.
/// The capacity is a power of two, so that a mask finds the slot. Slots that are free hold null: an entry that is gone from
/// the window must not keep its data alive.
/// </remarks>
internal sealed class EntryWindow(ulong first)
{
    private Entry?[] _ring = new Entry?[16];
    private int _start;
    private int _count;

    public ulong First { get; private set; } = first;

    public ulong End => First + (ulong)_count;

    public bool IsEmpty => _count == 0;

    /// <summary>The sum of the entries' sizes.</summary>
    public long Bytes { get; private set; }

    /// <summary>For an index in [First, End); any other gives a wrong entry or null, so callers compare first.</summary>
    public Entry this[ulong index] => _ring[Slot(index)]!;

    public void Append(Entry entry)
    {
        Invariant.Check(entry.Index == End, $"entry {entry.Id} appended where {End} comes next");
        if (_count == _ring.Length)
        {
            Grow();
        }

        _ring[(_start + _count) & (_ring.Length - 1)] = entry;
        _count++;
        Bytes += entry.SizeBytes;
    }

    /// <summary>Removes [index, End); an index below the window empties it and moves it there.</summary>
    public void TruncateFrom(ulong index)
    {
        while (_count > 0 && End > index)
        {
            Clear(_start + _count - 1);
            _count--;
        }

        First = Math.Min(First, index);
    }

    /// <summary>Evicts the oldest entry. The caller knows that storage has it (RaftLog.Evict).</summary>
    public void DropFirst()
    {
        Clear(_start);
        _start = (_start + 1) & (_ring.Length - 1);
        _count--;
        First++;
    }

    public void Restart(ulong first)
    {
        TruncateFrom(First);
        First = first;
    }

    /// <summary>A copy of [low, high), cut short at <paramref name="maxBytes"/> but never empty.</summary>
    public Entry[] Slice(ulong low, ulong high, long maxBytes)
    {
        var bytes = this[low].SizeBytes;
        var end = low + 1;
        while (end < high && bytes + this[end].SizeBytes <= maxBytes)
        {
            bytes += this[end].SizeBytes;
            end++;
        }

        var slice = new Entry[end - low];
        for (var i = 0; i < slice.Length; i++)
        {
            slice[i] = this[low + (ulong)i];
        }

        return slice;
    }

    private int Slot(ulong index) => (_start + (int)(index - First)) & (_ring.Length - 1);

    private void Clear(int position)
    {
        ref var slot = ref _ring[position & (_ring.Length - 1)];
        Bytes -= slot!.SizeBytes;
        slot = null;
    }

    private void Grow()
    {
        var larger = new Entry?[2 * _ring.Length];
        for (var i = 0; i < _count; i++)
        {
            larger[i] = _ring[(_start + i) & (_ring.Length - 1)];
        }

        _ring = larger;
        _start = 0;
    }
}
