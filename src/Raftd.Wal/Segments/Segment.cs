namespace Raftd.Wal;

/// <summary>An open segment of the log. The log holds it, and so does each read in flight; the last holder closes the file.</summary>
/// <remarks>
/// The race: a reader has found a position in the segment, and the writer deletes the segment and closes its file before the
/// reader reads. So the reader takes its hold in the step in which it finds the position, under the lock that the writer
/// needs to take the segment out of the list.
/// </remarks>
internal sealed class Segment(SegmentHeader header, IFile file)
{
    private int _holders = 1;

    public SegmentHeader Header { get; } = header;

    public ulong Number => Header.Number;

    public IFile File { get; } = file;

    /// <summary>Only under the log's lock, while the log itself still holds the segment: so the count never rises from 0.</summary>
    public void Hold() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            File.Dispose();
        }
    }
}
