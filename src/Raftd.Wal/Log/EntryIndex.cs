namespace Raftd.Wal;

/// <summary>Where one entry is. 24 bytes: a million entries cost 24 MB.</summary>
/// <param name="Term">The entry's term.</param>
/// <param name="Segment">Number of the segment; numbers never reach 2^32 (at 64 MiB each, 256 PiB of log).</param>
/// <param name="Offset">Of the record header in the file; segments are at most about 1.5 GiB.</param>
/// <param name="Length">Of the data.</param>
internal readonly record struct EntryPosition(ulong Term, uint Segment, uint Offset, int Length)
{
    public long End => Offset + RecordHeader.SizeOf(Length);
}

/// <summary>Positions of the entries (BaseIndex, LastIndex], a queue that shrinks at both ends.</summary>
/// <remarks>
/// Chunks and not one array: it grows without copying, and its front is given back without moving the rest. A chunk has
/// 48 KiB, less than what the runtime puts on the large object heap (85 000 bytes). Not thread-safe;
/// <see cref="WriteAheadLog"/> guards it.
///
/// Invariant: along the index the pairs (segment, offset) rise. Put appends at the end of the newest segment after it has
/// cut off everything at or above the index; FirstBehind searches by that order.
/// </remarks>
internal sealed class EntryIndex(ulong baseIndex, ulong baseTerm)
{
    private const int ChunkEntries = 2048;

    private readonly List<EntryPosition[]> _chunks = [];
    private int _skipped; // entries at the front of the first chunk that are no longer in the log
    private int _count;

    public ulong BaseIndex { get; private set; } = baseIndex;

    public ulong BaseTerm { get; private set; } = baseTerm;

    public ulong LastIndex => BaseIndex + (ulong)_count;

    public ulong LastTerm => Term(LastIndex);

    public EntryPosition this[ulong index]
    {
        get
        {
            Invariant.Check(index > BaseIndex && index <= LastIndex, $"entry {index} of ({BaseIndex}, {LastIndex}]");
            var at = _skipped + (int)(index - BaseIndex - 1);
            return _chunks[at / ChunkEntries][at % ChunkEntries];
        }
    }

    /// <summary>Valid on [BaseIndex, LastIndex].</summary>
    public ulong Term(ulong index) => index == BaseIndex ? BaseTerm : this[index].Term;

    /// <summary>Puts an entry at the end, or in the place of what stood from its index on.</summary>
    public void Put(ulong index, in EntryPosition position)
    {
        Truncate(index);
        Invariant.Check(index == LastIndex + 1, $"entry {index} leaves a gap after {LastIndex}");
        var at = _skipped + _count;
        if (at == _chunks.Count * ChunkEntries)
        {
            _chunks.Add(new EntryPosition[ChunkEntries]);
        }

        _chunks[at / ChunkEntries][at % ChunkEntries] = position;
        _count++;
    }

    /// <summary>Forgets the entries below <paramref name="index"/>; the term of the last of them becomes the base.</summary>
    public void DropBelow(ulong index)
    {
        var dropped = (int)(index - 1 - BaseIndex);
        BaseTerm = Term(index - 1);
        BaseIndex = index - 1;
        _count -= dropped;
        _skipped += dropped;
        _chunks.RemoveRange(0, _skipped / ChunkEntries);
        _skipped %= ChunkEntries;
    }

    /// <summary>Empties the index and lets it start anew after (<paramref name="index"/>, <paramref name="term"/>).</summary>
    public void Restart(ulong index, ulong term)
    {
        _chunks.Clear();
        (_skipped, _count, BaseIndex, BaseTerm) = (0, 0, index, term);
    }

    private void Truncate(ulong index)
    {
        if (index > LastIndex)
        {
            return;
        }

        Invariant.Check(index > BaseIndex, $"entry {index} replaces what is below the log's start {BaseIndex + 1}");
        _count = (int)(index - BaseIndex - 1);
        var used = (_skipped + _count + ChunkEntries - 1) / ChunkEntries;
        _chunks.RemoveRange(used, _chunks.Count - used);
    }
}
