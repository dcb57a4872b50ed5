namespace Raftd.Wal;

/// <summary>The sizes of the log. Files on disk keep their own sizes: both may change from one start to the next.</summary>
public sealed record WalOptions
{
    /// <summary>A segment is made of whole blocks of this size.</summary>
    private const int BlockBytes = 4096;

    private const long LeastSegmentBytes = 8 << 10;
    private const long MostSegmentBytes = 1 << 30;
    private const int MostRecordBytes = 512 << 20;

    /// <summary>Bytes of a segment, from 8 KiB to 1 GiB, in <see cref="WholeBlocks"/>.</summary>
    public required long SegmentSizeBytes { get; init; }

    /// <summary>Largest data of one entry, up to 512 MiB. A larger entry is a bug of the caller.</summary>
    /// <remarks>An entry that no segment can hold gets a larger segment of its own.</remarks>
    public required int MaxRecordBytes { get; init; }

    /// <summary>Kept free by <see cref="WriteAheadLog.TryReserve"/> for what cannot be refused.</summary>
    /// <remarks>Votes, commit indexes and the entries that a full member needs to become less full.</remarks>
    public required int ReserveBytes { get; init; }

    /// <summary>The size, rounded up to whole blocks.</summary>
    public static long WholeBlocks(long bytes) => (bytes + BlockBytes - 1) / BlockBytes * BlockBytes;

    /// <summary>Every problem with these options, each naming option, value and bound; empty when they are usable.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        if (SegmentSizeBytes is < LeastSegmentBytes or > MostSegmentBytes || SegmentSizeBytes % BlockBytes != 0)
        {
            problems.Add(
                $"SegmentSizeBytes is {SegmentSizeBytes}, must be a multiple of {BlockBytes} from {LeastSegmentBytes} to {MostSegmentBytes}");
        }

        if (MaxRecordBytes is < 1 or > MostRecordBytes)
        {
            problems.Add($"MaxRecordBytes is {MaxRecordBytes}, must be from 1 to {MostRecordBytes}");
        }

        if (ReserveBytes < 0 || ReserveBytes >= SegmentSizeBytes)
        {
            problems.Add($"ReserveBytes is {ReserveBytes}, must be from 0 and below SegmentSizeBytes ({SegmentSizeBytes})");
        }

        return problems;
    }
}
