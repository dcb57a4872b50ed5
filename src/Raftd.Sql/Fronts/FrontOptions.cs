using Raftd.Contract;

namespace Raftd.Sql.Fronts;

/// <summary>The limits of a front.</summary>
public sealed record FrontOptions
{
    /// <summary>Of live data, in logical bytes.</summary>
    public long QuotaBytes { get; init; } = Bounds.QuotaBytes.Default;

    /// <summary>Keys that one lease may have.</summary>
    public long MaxLeaseKeys { get; init; } = Bounds.MaxLeaseKeys.Default;

    /// <summary>After it a request is answered with unknown_outcome or not_ready.</summary>
    public TimeSpan RequestTimeLimit { get; init; } = Bounds.RequestTimeout.Default;

    /// <summary>Between two looks at the log while this front writes nothing itself. Measured: an event of another front comes after 12
    /// ms, and 20 fronts cost the database 5 to 12 % of a core.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>The same while the leading front hints at each row: a net for what hints do not bring.</summary>
    public TimeSpan HintedPollInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Between two signs of life, and two looks at those of others.</summary>
    public TimeSpan BeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A leader without a sign of life for so long is replaced.</summary>
    public TimeSpan LeaderSilence { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A front that has given signs of life for so long takes its share of the leads of buckets.</summary>
    public TimeSpan SettlesAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A deletion of a range with more live keys is a batch of its own, and done by the database as a set.</summary>
    internal long MaxListedDeletions { get; init; } = 8192;

    /// <summary>Keys of one step of it: a few statements, each of which ends long before the limit of the database's sessions.</summary>
    internal int DeletionSlice { get; init; } = 10_000;

    /// <summary>Rows that the log keeps for fronts that lag.</summary>
    public long KeptRows { get; init; } = 100_000;

    /// <summary>Of keys that the commit loop remembers, with values up to 4 KiB: a batch of such keys costs one round trip and not
    /// two.</summary>
    public long KnownKeyBytes { get; init; } = 64 << 20;
}
