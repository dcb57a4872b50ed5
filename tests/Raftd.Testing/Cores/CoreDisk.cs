using Raftd.Raft;

namespace Raftd.Testing.Cores;

/// <summary>What a crash leaves of a member: entries behind a base that a snapshot stands for, and the hard state.</summary>
public sealed class CoreDisk(Configuration founding) : IRaftStorage
{
    private readonly List<Entry> _entries = [];

    public CoreDisk()
        : this(Configuration.Empty)
    {
    }

    public EntryId Base { get; private set; }

    public Configuration BaseConfiguration { get; private set; } = founding;

    public ulong BaseConfigurationIndex { get; private set; }

    public HardState HardState { get; set; }

    public ulong FirstIndex => Base.Index + 1;

    public ulong LastIndex => Base.Index + (ulong)_entries.Count;

    public IReadOnlyList<Entry> All => _entries;

    public ulong Term(ulong index)
    {
        Require(index >= Base.Index && index <= LastIndex, $"the term of {index} is not in [{Base.Index}, {LastIndex}]");
        return index == Base.Index ? Base.Term : At(index).Term;
    }

    public IReadOnlyList<Entry> Entries(ulong low, ulong high, long maxBytes)
    {
        Require(low >= FirstIndex && low < high && high <= LastIndex + 1, $"[{low}, {high}) of [{FirstIndex}, {LastIndex}]");
        var bytes = At(low).SizeBytes;
        var end = low + 1;
        while (end < high && bytes + At(end).SizeBytes <= maxBytes)
        {
            bytes += At(end).SizeBytes;
            end++;
        }

        return _entries.GetRange((int)(low - FirstIndex), (int)(end - low));
    }

    /// <summary>As the log does: what stands at these indexes or behind them is replaced.</summary>
    public void Append(IReadOnlyList<Entry> entries)
    {
        if (entries.Count > 0)
        {
            TruncateFrom(entries[0].Index);
            Require(entries[0].Index == LastIndex + 1, $"{entries[0].Index} behind a log that ends at {LastIndex}");
            _entries.AddRange(entries);
        }
    }

    public void TruncateFrom(ulong index)
    {
        Require(index >= FirstIndex, $"truncation from {index} of a log that starts at {FirstIndex}");
        if (index <= LastIndex)
        {
            _entries.RemoveRange((int)(index - FirstIndex), (int)(LastIndex + 1 - index));
        }
    }

    /// <summary>The snapshot that this member could stream, or begin its log behind: its state as of an index.</summary>
    public SnapshotMetadata SnapshotAt(ulong index)
    {
        var (configuration, configurationIndex) = (BaseConfiguration, BaseConfigurationIndex);
        foreach (var entry in _entries)
        {
            if (entry.Index <= index && entry.Kind == EntryKind.Configuration
                && Configuration.TryDecode(entry.Data.Span, out var found))
            {
                (configuration, configurationIndex) = (found, entry.Index);
            }
        }

        return new SnapshotMetadata(new EntryId(Term(index), index), configuration, configurationIndex);
    }

    public void CompactTo(ulong index)
    {
        var snapshot = SnapshotAt(index);
        _entries.RemoveRange(0, (int)(index - Base.Index));
        Rebase(snapshot);
    }

    /// <summary>Starts anew behind a snapshot that was taken in.</summary>
    public void Restart(SnapshotMetadata snapshot)
    {
        _entries.Clear();
        Rebase(snapshot);
    }

    private static void Require(bool holds, FormattableString what)
    {
        if (!holds)
        {
            throw new InvalidOperationException(FormattableString.Invariant(what));
        }
    }

    private void Rebase(SnapshotMetadata snapshot)
    {
        Base = snapshot.Id;
        BaseConfiguration = snapshot.Configuration;
        BaseConfigurationIndex = snapshot.ConfigurationIndex;
    }

    private Entry At(ulong index) => _entries[(int)(index - FirstIndex)];
}
