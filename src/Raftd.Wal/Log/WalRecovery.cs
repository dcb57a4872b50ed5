namespace Raftd.Wal;

/// <summary>What <see cref="WriteAheadLog.Open"/> found.</summary>
/// <param name="State">As of the end of the log; Recovering if this start or an earlier one met a torn tail.</param>
/// <param name="Tail">How the log ended on disk.</param>
public sealed record WalRecovery(LogState State, TailState Tail);

public enum TailKind
{
    /// <summary>The last record is followed by untouched space.</summary>
    Clean,

    /// <summary>The last write did not finish. It was never acknowledged, unless the disk lost what it had synced.</summary>
    Torn,
}

/// <summary>The end of the log on disk.</summary>
/// <param name="Kind">Whether anything was dropped.</param>
/// <param name="Segment">The number of the last segment.</param>
/// <param name="Offset">Where its valid records end, in bytes from the start of the file.</param>
/// <param name="BytesDropped">From <paramref name="Offset"/> to the last byte that was not zero; 0 when clean.</param>
public readonly record struct TailState(TailKind Kind, ulong Segment, long Offset, long BytesDropped);

/// <summary>A segment of the log as it is now.</summary>
public readonly record struct SegmentInfo(long SizeBytes, ulong BaseIndex);
