namespace Raftd.Wal;

/// <summary>The sizes of the log. Files on disk keep their own sizes: both may change from one start to the next.</summary>
public sealed record WalOptions
{
    /// <summary>Bytes of a segment, default 64 MiB, from 8 KiB to 1 GiB, a multiple of 4096.</summary>
    /// <remarks>64 MiB is etcd's: a roll is rare, and the copy of the last segment at start takes about 0.1 s.</remarks>
    public long SegmentSizeBytes { get; init; } = 64 << 20;

    /// <summary>Largest data of one entry, default 64 MiB, up to 512 MiB. A larger entry is a bug of the caller.</summary>
    /// <remarks>An entry that no segment can hold gets a larger segment of its own.</remarks>
    public int MaxRecordBytes { get; init; } = 64 << 20;

    /// <summary>Kept free by <see cref="WriteAheadLog.TryReserve"/> for what cannot be refused, default 64 KiB.</summary>
    /// <remarks>Votes, commit indexes and the entries that a full member needs to become less full.</remarks>
    public int ReserveBytes { get; init; } = 64 << 10;

    /// <summary>Every problem with these options, each naming option, value and bound; empty when they are usable.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        if (SegmentSizeBytes is < 8 << 10 or > 1 << 30 || SegmentSizeBytes % 4096 != 0)
        {
            problems.Add($"SegmentSizeBytes is {SegmentSizeBytes}, must be a multiple of 4096 from 8192 to {1 << 30}");
        }

        if (MaxRecordBytes is < 1 or > 512 << 20)
        {
            problems.Add($"MaxRecordBytes is {MaxRecordBytes}, must be from 1 to {512 << 20}");
        }

        if (ReserveBytes < 0 || ReserveBytes >= SegmentSizeBytes)
        {
            problems.Add($"ReserveBytes is {ReserveBytes}, must be from 0 and below SegmentSizeBytes ({SegmentSizeBytes})");
        }

        return problems;
    }
}
