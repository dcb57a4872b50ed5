namespace Raftd.Wal;

/// <summary>An open segment of the log. The log holds it, and so does each read in flight; the last one closes the file.</summary>
internal sealed class Segment(SegmentHeader header, IFile file)
{
    private int _holders = 1;

    public SegmentHeader Header { get; } = header;

    public ulong Number => Header.Number;

    public IFile File { get; } = file;

    /// <summary>Only under the log's lock, while the log itself still holds the segment.</summary>
    public void Hold() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            File.Dispose();
        }
    }
}
