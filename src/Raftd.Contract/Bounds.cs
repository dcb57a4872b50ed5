namespace Raftd.Contract;

/// <summary>What a setting is unless it is given, and what it may be, ends included.</summary>
public readonly record struct Bound<T>(T Default, T Least, T Most)
    where T : struct, IComparable<T>
{
    public bool Holds(T value) => value.CompareTo(Least) >= 0 && value.CompareTo(Most) <= 0;
}

/// <summary>Defaults and bounds of all settings that have some: flags, help, options and docs/operations.md follow.</summary>
public static class Bounds
{
    private const long KiB = 1L << 10;
    private const long MiB = 1L << 20;
    private const long GiB = 1L << 30;
    private const long TiB = 1L << 40;

    /// <summary>Bytes of one value. A stored pair has 64 MiB at most, with the key and what is stored around both.</summary>
    public static Bound<long> MaxValueBytes { get; } = new(32 * MiB, KiB, 60 * MiB);

    /// <summary>Bytes of a write of the etcd API, whatever the largest value may be: a transaction has many. As etcd's.</summary>
    public const int DefaultMaxRequestBytes = 1536 * 1024;

    /// <summary>Bytes of the largest value that is kept in memory.</summary>
    public const int MaxCachedValueBytes = 4096;

    /// <summary>Bytes of small values kept in memory; 0 keeps none.</summary>
    public static Bound<long> CacheBytes { get; } = new(256 * MiB, 0, TiB);

    /// <summary>Logical bytes that the cluster keeps at most.</summary>
    public static Bound<long> QuotaBytes { get; } = new(8 * GiB, 16 * MiB, TiB);

    public const int DefaultMaxLeaseKeys = 100_000;

    /// <summary>Keys that one lease may have, all kinds together.</summary>
    public static Bound<int> MaxLeaseKeys { get; } = new(DefaultMaxLeaseKeys, 1, 1_000_000);

    /// <summary>Compares, operations if they hold and operations if not, each; a nested transaction has the rest that its
    /// parent's longest list leaves. As etcd's.</summary>
    public const int MaxTxnOperations = 128;

    /// <summary>Operations and compares of a transaction with all those nested in it, both lists of each counted.</summary>
    public const int MaxNestedTxnOperations = 16_384;

    /// <summary>Bytes of keys and values that the ranges of a transaction answer, all together. A range that reaches it ends
    /// there and says that there is more. The same on all members.</summary>
    public const long MaxTxnAnswerBytes = 64 * MiB;

    /// <summary>Of a lease; the longest fits, as 100 ns, into 64 bits.</summary>
    public const long MinLeaseTtlSeconds = 1;

    public const long MaxLeaseTtlSeconds = 9_000_000_000;

    /// <summary>Of the UTF-8 of a lease's name.</summary>
    public const int MaxLeaseNameBytes = 1024;

    /// <summary>Of the UTF-8 of a user's name.</summary>
    public const int MaxUserNameBytes = 255;

    /// <summary>Generator numbers of snowflake ids: ten bits. Without one the cluster chooses.</summary>
    public static Bound<int> Generator { get; } = new(0, 0, 1023);

    /// <summary>Bytes of one file of the log.</summary>
    /// <remarks>64 MiB is etcd's: a new file is rare, and the copy of the last one at start takes about 0.1 s.</remarks>
    public static Bound<long> WalSegmentBytes { get; } = new(64 * MiB, 64 * KiB, GiB);

    /// <summary>Log kept for members that lag; 0 keeps none.</summary>
    public static Bound<long> WalRetentionBytes { get; } = new(128 * MiB, 0, TiB);

    /// <summary>Log kept behind the snapshot of a member that catches up. The default is the least of it: half the state's
    /// size where that is more.</summary>
    public static Bound<long> MaxPinnedLogBytes { get; } = new(GiB, 64 * KiB, TiB);

    /// <summary>Changed bytes that start a flush early.</summary>
    public static Bound<long> FlushBytes { get; } = new(16 * MiB, 64 * KiB, GiB);

    /// <summary>Between two scheduled backups.</summary>
    public static Bound<TimeSpan> BackupInterval { get; } =
        new(TimeSpan.FromHours(1), TimeSpan.FromSeconds(1), TimeSpan.FromDays(30));

    /// <summary>Scheduled backups kept.</summary>
    public static Bound<int> BackupsKept { get; } = new(24, 1, 10_000);

    /// <summary>The longest time between two flushes of the state.</summary>
    public static Bound<TimeSpan> FlushInterval { get; } =
        new(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10));

    /// <summary>The longest that a request may take in the server.</summary>
    public static Bound<TimeSpan> RequestTimeout { get; } =
        new(TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));

    /// <summary>The heartbeats that must fit into an election timeout, so that a few lost ones start no election.</summary>
    public const int HeartbeatsPerElection = 5;

    /// <summary>Silence of the leader after which members vote.</summary>
    public static Bound<TimeSpan> ElectionTimeout { get; } =
        new(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(2));

    /// <summary>The longest silence of a leader.</summary>
    public static Bound<TimeSpan> HeartbeatInterval { get; } =
        new(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10));
}
