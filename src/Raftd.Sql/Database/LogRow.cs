namespace Raftd.Sql.Database;

/// <summary>One row of the log: a batch that was committed, and where the state stands after it.</summary>
internal sealed record LogRow
{
    /// <summary>The epoch of the row that ends a log: its bucket is removed, and no row comes behind it.</summary>
    public const ulong EndEpoch = ulong.MaxValue;

    /// <summary>Counts batches without a gap, from 1. With the bucket it is the primary key: lock, fence and idempotency key.</summary>
    public required long Seq { get; init; }

    /// <summary>Rises by one with each change of the leader: the term of this engine.</summary>
    public required ulong Epoch { get; init; }

    /// <summary>The front that leads in this epoch; 0 before the first.</summary>
    public required ulong Leader { get; init; }

    /// <summary>The front that wrote the row.</summary>
    public required ulong Front { get; init; }

    /// <summary>Drawn for each batch: by it a front knows its own row again after a lost answer.</summary>
    public required ulong Nonce { get; init; }

    /// <summary>The newest revision.</summary>
    public required long Revision { get; init; }

    /// <summary>The lowest revision that can be read; 0 before the first compaction.</summary>
    public required long CompactRevision { get; init; }

    /// <summary>Keys that live.</summary>
    public required long KeyCount { get; init; }

    /// <summary>What the quota bounds; history counts until it is swept.</summary>
    public required long LogicalBytes { get; init; }

    /// <summary>The part of LogicalBytes that a compaction to Revision would free.</summary>
    public required long HistoryBytes { get; init; }

    /// <summary>The hash over the row before and all that this batch has changed. A row whose chain is another than remembered
    /// means that the database has lost history.</summary>
    public required ulong Chain { get; init; }

    /// <summary>What the batch has changed of leases and alarms; empty for nothing.</summary>
    public required ReadOnlyMemory<byte> Deltas { get; init; }

    public bool IsEnd => Epoch == EndEpoch;

    /// <summary>The first row of a bucket, which is made with its tables.</summary>
    public static LogRow First { get; } = new()
    {
        Seq = 1,
        Epoch = 0,
        Leader = 0,
        Front = 0,
        Nonce = 0,
        Revision = 1,
        CompactRevision = 0,
        KeyCount = 0,
        LogicalBytes = 0,
        HistoryBytes = 0,
        Chain = 0,
        Deltas = ReadOnlyMemory<byte>.Empty,
    };
}
