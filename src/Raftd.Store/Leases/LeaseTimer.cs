namespace Raftd.Store.Leases;

/// <summary>What the leader keeps of one lease: when it ends. About 110 bytes, and 100 for each key with its own deadline.</summary>
/// <remarks>Guarded by the lessor's lock. Times are ticks of 100 ns on the lessor's own monotonic scale.</remarks>
internal sealed class LeaseTimer(LeaseRecord lease)
{
    public Pulse Pulse;

    public long Id => Lease.Id;

    /// <summary>As last applied.</summary>
    public LeaseRecord Lease { get; set; } = lease;

    public long Deadline { get; set; }

    /// <summary>When the queue of deadlines looks at it next; MaxValue when it does not.</summary>
    public long Scheduled { get; set; } = long.MaxValue;

    /// <summary>As Scheduled, for the queue of silences.</summary>
    public long SilenceScheduled { get; set; } = long.MaxValue;

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

    public bool HasPendingKey => Keys is not null && Keys.Exists(static key => key.IsExpiryPending);

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

    /// <summary>Whether a renewal, of the key or else of the lease and all its keys, has a checkpoint to clear.</summary>
    public bool HasCheckpoint(KeyTimer? key) =>
        Lease.HasCheckpoint
        || IsCheckpointPending
        || (key is not null ? key.HasCheckpoint : Keys is not null && Keys.Exists(static each => each.HasCheckpoint));

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

    /// <summary>When the silence of the lease, or of a key that it has outlived, becomes long.</summary>
    public long SilentUntil()
    {
        var until = IsCheckpointPending ? long.MaxValue : Pulse.SilentUntil(FullTicks);
        if (Keys is not null)
        {
            foreach (var key in Keys)
            {
                if (key.IsBehind(this))
                {
                    until = Math.Min(until, key.Pulse.SilentUntil(TtlTicks));
                }
            }
        }

        return until;
    }
}

/// <summary>When a key with a deadline of its own ends.</summary>
internal sealed class KeyTimer(byte[] key)
{
    public Pulse Pulse;

    public byte[] Key { get; } = key;

    public long ModRevision { get; set; }

    public long Deadline { get; set; }

    public bool IsExpiryPending { get; set; }

    public bool IsCheckpointPending { get; set; }

    /// <summary>The lease's record says what it had left.</summary>
    public bool IsCheckpointed { get; set; }

    public bool HasCheckpoint => IsCheckpointed || IsCheckpointPending;

    /// <summary>Its lease was renewed without it: the lease's own checkpoint does not speak for it.</summary>
    public bool IsBehind(LeaseTimer lease) => Deadline < lease.Deadline && !IsExpiryPending && !IsCheckpointPending;

    public void Renew(long now, long ttlTicks)
    {
        Pulse.Beat(now, ttlTicks);
        Deadline = now + ttlTicks;
    }
}
