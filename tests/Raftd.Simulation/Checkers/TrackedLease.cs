using Raftd.Contract;

namespace Raftd.Simulation.Checkers;

/// <summary>A lease as its clients know it. Times are the scheduler's, in microseconds.</summary>
internal sealed class TrackedLease(long id, string name, long ttlSeconds, double clockSkew)
{
    private readonly SortedDictionary<string, TrackedKey> _ownKeys = new(StringComparer.Ordinal);

    public long Id { get; } = id;

    public long TtlSeconds { get; } = ttlSeconds;

    public LeaseKind Kind { get; init; }

    public bool IsHidden { get; init; }

    /// <summary>Attached by a put.</summary>
    public string PlainKey { get; init; } = $"attached-{id}";

    /// <summary>Set by keepalives, each with a deadline of its own.</summary>
    public IReadOnlyCollection<TrackedKey> OwnKeys => _ownKeys.Values;

    /// <summary>The shortest that its time to live can take, by the fastest clock.</summary>
    public long TtlMicroseconds { get; } = (long)(ttlSeconds * Scheduler.Second / (1 + clockSkew));

    public long HeldUntil { get; set; }

    /// <summary>As HeldUntil, of a REST grant that has not been asked for since.</summary>
    public long UnclaimedUntil { get; set; }

    /// <summary>0 until its grant is applied.</summary>
    public ulong GrantIndex { get; set; }

    /// <summary>Null until its grant is applied. It is the longest that the lease may still live.</summary>
    public LeaseCountdown? Countdown { get; set; }

    /// <summary>An entry that begins its time is applied.</summary>
    public bool IsClaimed { get; set; }

    public long? EndedAt { get; set; }

    /// <summary>A client has asked for its end, or for that of the key which owns it.</summary>
    public bool IsRevoked { get; set; }

    /// <summary>A client has asked to delete or overwrite one of its keys. The one that runs out next may be its last.</summary>
    public bool IsContested { get; set; }

    /// <summary>An entry that ends keys which ran out names one of it.</summary>
    public bool HasLostKey { get; set; }

    /// <summary>Other clients than its holder may use it.</summary>
    public bool IsShared { get; set; }

    public TrackedKey OwnKey(string own)
    {
        if (!_ownKeys.TryGetValue(own, out var key))
        {
            _ownKeys[own] = key = new TrackedKey(own, $"{name}/{Id}/{own}");
        }

        return key;
    }
}

/// <summary>A key set by keepalives.</summary>
internal sealed class TrackedKey(string own, string full)
{
    /// <summary>As keepalives name it.</summary>
    public string Own => own;

    public string Full => full;

    public long HeldUntil { get; set; }

    /// <summary>Of the last entry that sets it; 0 until it is set.</summary>
    public ulong Index { get; set; }

    /// <summary>Null while it has no deadline of its own, as after a put.</summary>
    public LeaseCountdown? Countdown { get; set; }

    public bool IsContested { get; set; }
}
