namespace Raftd.Store.Leases;

/// <summary>What the leader keeps of one lease: when it ends. About 120 bytes, and 40 for each key with its own deadline.</summary>
/// <remarks>Guarded by the lessor's lock. Times are ticks of 100 ns on the lessor's own monotonic scale.</remarks>
internal sealed class LeaseTimer(LeaseRecord lease)
{
    public long Id { get; } = lease.Id;

    /// <summary>As last applied.</summary>
    public LeaseRecord Lease { get; set; } = lease;

    public long Deadline { get; set; }

    /// <summary>When the queue of deadlines looks at it next; MaxValue when it does not.</summary>
    public long Scheduled { get; set; } = long.MaxValue;

    /// <summary>The last renewal, or the last checkpoint after it.</summary>
    public long SilentSince { get; set; }

    public long LastRenewed { get; set; }

    /// <summary>Between the last two renewals; 0 while this leader has not seen two.</summary>
    public long RenewalGap { get; set; }

    public bool IsRemoved { get; set; }

    public bool IsExpiryPending { get; set; }

    public bool IsCheckpointPending { get; set; }

    /// <summary>Keys with a deadline of their own; null for none. Few: looked through in order.</summary>
    public List<KeyTimer>? Keys { get; set; }

    /// <summary>Completed when a pending expiry has come to its end; made by the first who waits.</summary>
    public TaskCompletionSource? Outcome { get; set; }

    public long TtlTicks => Lease.TtlSeconds * TimeSpan.TicksPerSecond;

    /// <summary>What it has from the moment its time begins, or as long as nobody claims it.</summary>
    public long FullTicks => Lease.IsUnclaimed
        ? Math.Max(Lease.TtlSeconds, LeaseRules.MinUnclaimedSeconds) * TimeSpan.TicksPerSecond
        : TtlTicks;

    public KeyTimer? FindKey(ReadOnlySpan<byte> key)
    {
        if (Keys is not null)
        {
            foreach (var timer in Keys)
            {
                if (key.SequenceEqual(timer.Key))
                {
                    return timer;
                }
            }
        }

        return null;
    }

    public bool HasPendingKey => Keys is not null && Keys.Exists(key => key.IsExpiryPending);

    /// <summary>The next moment at which something of it is due and not proposed yet.</summary>
    public long NextDue()
    {
        var due = Deadline;
        if (Keys is not null)
        {
            foreach (var key in Keys)
            {
                if (!key.IsExpiryPending && key.Deadline < due)
                {
                    due = key.Deadline;
                }
            }
        }

        return due;
    }
}

internal sealed class KeyTimer(byte[] key)
{
    public byte[] Key { get; } = key;

    public long ModRevision { get; set; }

    public long Deadline { get; set; }

    public bool IsExpiryPending { get; set; }
}
