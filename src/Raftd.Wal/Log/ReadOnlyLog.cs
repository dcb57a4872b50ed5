// The log of a stopped member, for one who looks: nothing on disk is made, changed or removed, and a disk that cannot be
// written to does as well.
//
// Damage is no refusal here. Whether a log that ends too early is of use is for the caller to decide, who is told of it; a
// member that starts never reads its log this way (LogRecovery).

namespace Raftd.Wal;

/// <summary>What a log directory holds, up to its end or to the first damage. One thread at a time.</summary>
/// <remarks>The caller holds the data directory (<see cref="DirectoryLock"/>).</remarks>
public sealed class ReadOnlyLog : IDisposable
{
    private readonly List<Segment> _segments = []; // live, oldest first
    private readonly EntryIndex _index;

    private ReadOnlyLog(IFileSystem files, string directory)
    {
        var numbers = files.Exists(directory) ? SegmentFiles.List(files, directory) : [];
        if (numbers.Count == 0)
        {
            (IsMissing, _index) = (true, new EntryIndex(0, 0));
            return;
        }

        try
        {
            var recovery = new LogRecovery(
                number => files.Open(SegmentFiles.NameOf(directory, number), FileOpenMode.OpenExisting, writable: false), numbers, _segments);
            var found = recovery.RunUpToDamage(out var damage);
            (_index, State, Damage) = (found.Index, found.State, damage);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>There is no segment at all.</summary>
    public bool IsMissing { get; }

    /// <summary>What the log says up to its end, or to the damage; Recovering if the end is torn.</summary>
    public LogState State { get; }

    /// <summary>Null for a log that is whole. A torn tail is none.</summary>
    public WalCorruptException? Damage { get; }

    /// <summary>LastIndex + 1 in an empty log.</summary>
    public ulong FirstIndex => _index.BaseIndex + 1;

    public ulong LastIndex => _index.LastIndex;

    /// <exception cref="WalVersionException">A newer raftd wrote this log.</exception>
    /// <exception cref="StorageIoException">The disk cannot be read.</exception>
    public static ReadOnlyLog Open(IFileSystem files, string directory) => new(files, directory);

    /// <summary>Valid on [FirstIndex - 1, LastIndex].</summary>
    public ulong Term(ulong index) => _index.Term(index);

    /// <summary>The entries from <paramref name="low"/> on, until their data exceeds <paramref name="maxBytes"/>: at least one,
    /// unless the log ends before.</summary>
    /// <exception cref="WalCorruptException">The disk no longer has what it had when the log was opened.</exception>
    public IReadOnlyList<LogEntry> Read(ulong low, long maxBytes)
    {
        var positions = new List<EntryPosition>();
        var bytes = 0L;
        for (var index = low; index <= LastIndex; index++)
        {
            var position = _index[index];
            bytes += position.Length;
            if (bytes > maxBytes && positions.Count > 0)
            {
                break;
            }

            positions.Add(position);
        }

        var segments = positions.Select(static position => position.Segment).Distinct();
        return WriteAheadLog.ReadAt(low, positions, [.. segments.Select(number => _segments.Find(segment => segment.Number == number)!)]);
    }

    public void Dispose()
    {
        _segments.ForEach(static segment => segment.Release());
        _segments.Clear();
    }
}
