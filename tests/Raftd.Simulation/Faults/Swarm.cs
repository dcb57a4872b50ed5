using Raftd.Simulation.Clients;

namespace Raftd.Simulation.Faults;

/// <summary>What this seed is made of: sizes, speeds and which faults there are. Every seed draws its own, because a run with
/// all faults at once hides the bugs that need one of them to be absent (swarm testing).</summary>
internal sealed record Swarm
{
    public required int Members { get; init; }

    public required long FaultSeconds { get; init; }

    // Members.
    public required double ClockSkew { get; init; }
    public required bool LeaseReads { get; init; }
    public required long HeartbeatMilliseconds { get; init; }
    public required int SegmentBytes { get; init; }
    public required long RetentionBytes { get; init; }
    public required long FlushMilliseconds { get; init; }
    public required long CacheBytes { get; init; }

    /// <summary>Live data always fit; with a small one, history has to give way again and again.</summary>
    public required long QuotaBytes { get; init; }

    public required int SliceKeys { get; init; }
    public required long MaxMessageBytes { get; init; }
    public required long MaxCachedBytes { get; init; }
    public required long StepMicroseconds { get; init; }
    public required long SyncMicroseconds { get; init; }
    public required int SnapshotChunkBytes { get; init; }
    public required int SpoolSliceBytes { get; init; }
    public required long SpoolIdleMilliseconds { get; init; }
    public required long MaxPinnedLogBytes { get; init; }

    // Network.
    public required long DelayMicroseconds { get; init; }
    public required double LossRate { get; init; }
    public required double DuplicateRate { get; init; }
    public required double LateRate { get; init; }
    public required bool KeepsOrder { get; init; }

    // Clients.
    public required int Clients { get; init; }
    public required int LeaseClients { get; init; }
    public required int Keys { get; init; }
    public required int MaxValueBytes { get; init; }
    public required long ThinkMicroseconds { get; init; }

    // Faults: how often one comes, and which.
    public required long FaultMeanMilliseconds { get; init; }
    public required IReadOnlyList<FaultKind> Faults { get; init; }
    public required bool ChangesMembership { get; init; }

    public bool Upgrades => Faults.Contains(FaultKind.Upgrade);

    public required bool RestartsAtEnd { get; init; }

    /// <summary>When all is mended, a follower is left behind once more and has to catch up while clients write.</summary>
    public bool LeavesBehindAtEnd { get; init; }

    /// <summary>A leader falls about this often, in the way that LeaderHunt draws; 0 for never.</summary>
    public long LeaderChangeMilliseconds { get; init; }

    /// <summary>Clients that hold one lease after another, and clients that meddle with theirs.</summary>
    public int LeaseHolders { get; init; }

    public int LeaseRivals { get; init; }

    /// <summary>Clients with one lease of a day that they never renew.</summary>
    public int LeaseSleepers { get; init; }

    /// <summary>Times to live in seconds that holders draw from.</summary>
    public IReadOnlyList<long> LeaseTtls { get; init; } = [1, 1, 2, 2, 5, 5, 5, 10, 10, 20];

    /// <summary>A lease without an end is renewed as one of so many seconds would be.</summary>
    public long LongestPauseSeconds { get; init; } = 20;

    /// <summary>Leases are what is tried: the checkers also follow who serves, and hold each lease to its latest end.</summary>
    public bool TimesLeases => LeaderChangeMilliseconds > 0;

    // At most what leases with their keys, and a key without its value, take of the quota.
    private const long LeaseBytes = 64 << 10;
    private const long KeyBytes = 128;
    private const long Unlimited = 1L << 40;

    private static readonly FaultKind[] Pauses =
        [FaultKind.Pause, FaultKind.Freeze, FaultKind.PauseAll, FaultKind.StalledLoop];

    private static readonly FaultKind[] AnyKind = Enum.GetValues<FaultKind>();

    public static Swarm Draw(Dice dice)
    {
        var skew = dice.Chance(0.3) ? 0 : dice.Pick([0.01, 0.05, 0.2]);
        var variety = dice.Pick([0.1, 0.25, 0.5]);
        FaultKind[] kinds = [dice.Pick(AnyKind), .. AnyKind.Where(_ => dice.Chance(variety))];
        var seconds = dice.Between(60, 180);
        var keys = dice.Pick([1, 3, 10, 50]);
        var leavesBehind = dice.Chance(0.3);
        var maxValueBytes = dice.Pick([32, 200, 1000, 6000]);
        var syncMicroseconds = dice.Pick([50L, 200, 1000, 10_000, 50_000]);
        var isSlow = syncMicroseconds > 1000;
        return new Swarm
        {
            Members = dice.Pick([1, 2, 3, 3, 3, 3, 3, 4, 5, 5]),
            FaultSeconds = seconds,
            ClockSkew = skew,
            // Their assumption: rates that differ by less than a quarter, and no pauses (RaftOptions.LeaseReads).
            LeaseReads = skew < 0.1 && !kinds.Intersect(Pauses).Any() && dice.Chance(0.3),
            HeartbeatMilliseconds = dice.Pick([50L, 100, 100, 200]),
            SegmentBytes = leavesBehind ? 8 << 10 : dice.Pick([8, 8, 12, 16, 64]) << 10,
            RetentionBytes = leavesBehind ? dice.Pick([0L, 8 << 10]) : dice.Pick([0L, 8 << 10, 16 << 10, 64 << 10]),
            FlushMilliseconds = dice.Pick([20L, 100, 100, 500, 2000]),
            CacheBytes = dice.Pick([0L, 4096, 1 << 20, 1 << 20]),
            QuotaBytes = dice.Chance(0.4) ? LeaseBytes + (2L * keys * (maxValueBytes + KeyBytes)) : Unlimited,
            SliceKeys = dice.Pick([1, 2, 5, 500]),
            // One entry a message, one message at a time and a slow disk: what is left behind so would never catch up with writes.
            MaxMessageBytes = Math.Max(dice.Pick([1L, 512, 4096, 64 << 10]), leavesBehind || isSlow ? 64 << 10 : 0),
            MaxCachedBytes = dice.Pick([0L, 2048, 64 << 10]),
            StepMicroseconds = dice.Pick([5L, 50, 50, 500, 5000]),
            SyncMicroseconds = syncMicroseconds,
            SnapshotChunkBytes = dice.Pick([64, 512, 4096]),
            // One chunk a step, and a slow disk: a snapshot would take longer than the quiet phase.
            SpoolSliceBytes = Math.Max(dice.Pick([1, 512, 16 << 10, 1 << 20]), isSlow ? 16 << 10 : 0),
            SpoolIdleMilliseconds = dice.Pick([0L, 1000, 60_000]),
            MaxPinnedLogBytes = leavesBehind ? Unlimited : dice.Pick([128L << 10, Unlimited, Unlimited]),
            DelayMicroseconds = dice.Pick([50L, 300, 300, 2000, 10_000]),
            LossRate = dice.Chance(0.4) ? 0 : dice.Pick([0.001, 0.01, 0.05, 0.2]),
            DuplicateRate = dice.Chance(0.4) ? 0 : dice.Pick([0.01, 0.1, 0.5]),
            LateRate = dice.Chance(0.4) ? 0 : dice.Pick([0.001, 0.01, 0.05]),
            KeepsOrder = dice.Chance(0.4),
            Clients = (int)dice.Between(2, 10),
            LeaseClients = (int)dice.Between(0, 3),
            Keys = keys,
            MaxValueBytes = maxValueBytes,
            ThinkMicroseconds = dice.Pick([20_000L, 100_000, 300_000, 300_000, 1_000_000, 1_000_000, 2_000_000]),
            // Sixty or more in each seed.
            FaultMeanMilliseconds = Math.Min(dice.Pick([100L, 300, 500, 500, 1000, 3000]), seconds * 1000 / 60),
            Faults = kinds,
            ChangesMembership = dice.Chance(0.4),
            RestartsAtEnd = dice.Chance(0.5),
            LeavesBehindAtEnd = leavesBehind,
        };
    }

    /// <summary>Leases alone: clocks that differ, many leases, and nothing goes wrong but that leaders change, about three
    /// times in the time to live that this seed is about, for twenty such times.</summary>
    public static Swarm DrawLeases(Dice dice)
    {
        var ttlSeconds = dice.Pick([5L, 10, 10, 20]);
        return new Swarm
        {
            Members = dice.Pick([3, 3, 5]),
            FaultSeconds = 20 * ttlSeconds,
            ClockSkew = 0.1,
            LeaseReads = false,
            HeartbeatMilliseconds = dice.Pick([50L, 100]),
            SegmentBytes = 64 << 10,
            RetentionBytes = dice.Pick([0L, 16 << 10, 64 << 10]),
            FlushMilliseconds = dice.Pick([20L, 100, 500]),
            CacheBytes = 1 << 20,
            QuotaBytes = Unlimited,
            SliceKeys = dice.Pick([1, 5, 500]),
            MaxMessageBytes = 64 << 10,
            MaxCachedBytes = 64 << 10,
            StepMicroseconds = dice.Pick([50L, 500]),
            SyncMicroseconds = dice.Pick([200L, 1000, 5000, 50_000]),
            SnapshotChunkBytes = 4096,
            SpoolSliceBytes = 1 << 20,
            SpoolIdleMilliseconds = 1000,
            MaxPinnedLogBytes = Unlimited,
            DelayMicroseconds = dice.Pick([300L, 2000, 10_000]),
            LossRate = 0,
            DuplicateRate = dice.Pick([0, 0.01, 0.1]),
            LateRate = dice.Pick([0, 0.001]),
            KeepsOrder = dice.Chance(0.5),
            Clients = 2,
            LeaseClients = 0,
            Keys = 3,
            MaxValueBytes = 64,
            ThinkMicroseconds = 500_000,
            FaultMeanMilliseconds = 1000,
            Faults = [],
            ChangesMembership = false,
            RestartsAtEnd = false,
            LeaderChangeMilliseconds = ttlSeconds * 1000 / 3,
            LeaseHolders = 30,
            LeaseRivals = 6,
        };
    }

    /// <summary>Leases of ten minutes to a day, and leaders that change about every quarter of an hour, for two days. A slow
    /// heartbeat: nothing else happens most of the time.</summary>
    public static Swarm DrawLongLeases(Dice dice) => DrawLeases(dice) with
    {
        Members = 3,
        FaultSeconds = (2 * LeaseSleeper.TtlSeconds) + 60,
        HeartbeatMilliseconds = 1000,
        FlushMilliseconds = 10_000,
        Clients = 1,
        ThinkMicroseconds = 15_000_000,
        LeaderChangeMilliseconds = 15 * 60 * 1000,
        LeaseHolders = 4,
        LeaseRivals = 0,
        LeaseSleepers = 2,
        LeaseTtls = [600, 3600, 7200],
        LongestPauseSeconds = 7200,
    };
}
