namespace Raftd.Raft.Tests.Support;

/// <summary>A durable log in a list: what survives a crash of a <see cref="TestMember"/>.</summary>
internal sealed class MemoryStorage : IRaftStorage
{
    private readonly List<Entry> _entries = [];
    private EntryId _base;

    public ulong FirstIndex => _base.Index + 1;

    public ulong LastIndex => _base.Index + (ulong)_entries.Count;

    public EntryId Base => _base;

    public IReadOnlyList<Entry> All => _entries;

    public ulong Term(ulong index)
    {
        Assert.InRange(index, FirstIndex - 1, LastIndex);
        return index == _base.Index ? _base.Term : At(index).Term;
    }

    public IReadOnlyList<Entry> Entries(ulong low, ulong high, long maxBytes)
    {
        Assert.True(low >= FirstIndex && low < high && high <= LastIndex + 1, $"[{low}, {high}) of [{FirstIndex}, {LastIndex}]");
        var taken = new List<Entry>();
        long bytes = 0;
        for (var index = low; index < high; index++)
        {
            bytes += At(index).SizeBytes;
            if (taken.Count > 0 && bytes > maxBytes)
            {
                break;
            }

            taken.Add(At(index));
        }

        return taken;
    }

    public void Append(IReadOnlyList<Entry> entries)
    {
        if (entries.Count > 0)
        {
            TruncateFrom(entries[0].Index);
            Assert.Equal(LastIndex + 1, entries[0].Index);
            _entries.AddRange(entries);
        }
    }

    public void TruncateFrom(ulong index)
    {
        Assert.True(index >= FirstIndex, $"truncation from {index} into a log that starts at {FirstIndex}");
        if (index <= LastIndex)
        {
            _entries.RemoveRange((int)(index - FirstIndex), (int)(LastIndex + 1 - index));
        }
    }

    public void CompactTo(ulong index)
    {
        var term = Term(index);
        _entries.RemoveRange(0, (int)(index - _base.Index));
        _base = new EntryId(term, index);
    }

    public void Restart(EntryId snapshot)
    {
        _entries.Clear();
        _base = snapshot;
    }

    private Entry At(ulong index) => _entries[(int)(index - FirstIndex)];
}
