using Raftd.State.Leases;

namespace Raftd.State.Timekeeping;

/// <summary>What the leader keeps of something that ends: a lease, or a key with a deadline of its own.</summary>
/// <remarks>
/// Guarded by the lessor's lock. Times are ticks of 100 ns on the lessor's own monotonic scale. What was proposed for it
/// is noted with the lease's generation: a renewal by entry raises that, and so voids what was proposed for the lease and
/// for each of its keys without a look at any.
/// </remarks>
internal abstract class Timed
{
    public SilenceClock Silence;

    /// <summary>Its places in the two queues (TimerQueue).</summary>
    public int DeadlinePlace;
    public int SilencePlace;

    public abstract LeaseTimer Owner { get; }

    public abstract long Deadline { get; }

    /// <summary>When its next checkpoint is due if it stays silent.</summary>
    public abstract long NextCheckpoint { get; }

    public bool IsExpiryPending => ExpiryProposedIn == Owner.Lease.Generation;

    public bool IsCheckpointPending => CheckpointProposedIn == Owner.Lease.Generation;

    /// <summary>The generation; generations begin with 1.</summary>
    public long ExpiryProposedIn { get; set; }

    public long CheckpointProposedIn { get; set; }
}

/// <summary>When a lease ends. About 150 bytes, and 200 with its name for each key with a deadline of its own.</summary>
internal sealed class LeaseTimer(LeaseRecord lease) : Timed
{
    /// <summary>Of the renewals of the lease with all its keys.</summary>
    public SilenceClock SilenceOfAll;

    private long _deadline;
    private KeyTimers? _keys;
    private int _pendingKeys;
    private long _pendingKeysIn;

    public long Id => Lease.Id;

    /// <summary>As last applied.</summary>
    public LeaseRecord Lease { get; set; } = lease;

    public override LeaseTimer Owner => this;

    public override long Deadline => _deadline;

    /// <summary>Of all keys, from the last renewal of the lease with all its keys.</summary>
    public long DeadlineOfAll { get; private set; }

    /// <summary>A new leader is about to take in its keys: neither it nor a key can be renewed yet.</summary>
    public bool IsLoading { get; set; }

    public bool IsRemoved { get; set; }

    /// <summary>Keys with a deadline of their own.</summary>
    public int KeyCount => _keys?.Count ?? 0;

    /// <summary>One of them.</summary>
    public KeyTimer AnyKey => _keys!.Last;

    /// <summary>Keys with a checkpoint of their own that still speaks for them.</summary>
    public int CheckpointedKeys { get; private set; }

    /// <summary>The last generation in which a checkpoint of a key was proposed.</summary>
    public long KeyCheckpointProposedIn { get; set; }

    /// <summary>Keys whose expiry is proposed.</summary>
    public int PendingKeys
    {
        get => _pendingKeysIn == Lease.Generation ? _pendingKeys : 0;
        set => (_pendingKeys, _pendingKeysIn) = (value, Lease.Generation);
    }

    /// <summary>Completed when a pending expiry has come to its end; made by the first who waits.</summary>
    public TaskCompletionSource? Outcome { get; set; }

    public long TtlTicks => Lease.TtlSeconds * TimeSpan.TicksPerSecond;

    /// <summary>What it has from the moment its time begins, or as long as it is not claimed.</summary>
    public long FullTicks => Lease.IsUnclaimed
        ? Math.Max(Lease.TtlSeconds, LeaseRules.MinUnclaimedSeconds) * TimeSpan.TicksPerSecond
        : TtlTicks;

    public override long NextCheckpoint => Silence.NextCheckpoint(FullTicks, Deadline);

    /// <summary>Whether a renewal, of the key or else of the lease and all its keys, has a checkpoint to clear.</summary>
    public bool HasCheckpoint(KeyTimer? key)
    {
        if (Lease.HasCheckpoint || IsCheckpointPending)
        {
            return true;
        }

        return key is not null
            ? key.IsCheckpointPending || Lease.RemainingOf(key.Record) is not null
            : HasCheckpointOfKeys;
    }

    public KeyTimer? FindKey(ReadOnlySpan<byte> key) => _keys?.Find(key);

    public KeyTimer AddKey(byte[] key, LeaseKeyRecord record)
    {
        var timer = new KeyTimer(this, key, record);
        (_keys ??= new KeyTimers()).Add(timer);
        CheckpointedKeys += Count(record);
        return timer;
    }

    public void RemoveKey(KeyTimer key)
    {
        CheckpointedKeys -= Count(key.Record);
        PendingKeys -= key.IsExpiryPending ? 1 : 0;
        _keys!.Remove(key);
    }

    /// <summary>It has so much time from now on, for it was granted, or a new leader takes it in.</summary>
    public void Begin(long now, long deadline)
    {
        Silence.BeginAt(now);
        _deadline = deadline;
    }

    public void Renew(long now, KeyTimer? key, bool allKeys)
    {
        Silence.Renewed(now, TtlTicks);
        _deadline = now + TtlTicks;
        if (key is not null)
        {
            key.Renew(now);
        }
        else if (allKeys)
        {
            SilenceOfAll.Renewed(now, TtlTicks);
            DeadlineOfAll = _deadline;
        }
    }

    /// <summary>Takes what an entry has made of the lease.</summary>
    public void Update(LeaseRecord lease)
    {
        if (lease.RenewedGeneration != Lease.RenewedGeneration)
        {
            CheckpointedKeys = 0;
        }

        Lease = lease;
    }

    /// <summary>Takes what an entry has made of the key; the lease is up to date.</summary>
    public void Update(KeyTimer key, LeaseKeyRecord record)
    {
        CheckpointedKeys += Count(record) - Count(key.Record);
        key.Record = record;
    }

    /// <summary>A floor counts while it stands, and a proposal while its generation lasts, even if neither speaks for any key by
    /// now: finding that out would take a look at each key. The entry that this may cost clears both.</summary>
    private bool HasCheckpointOfKeys =>
        CheckpointedKeys > 0 || KeyCheckpointProposedIn == Lease.Generation || Lease.Floor is not null;

    private int Count(LeaseKeyRecord key) => key.RemainingMilliseconds >= 0 && key.Generation >= Lease.RenewedGeneration ? 1 : 0;
}

/// <summary>When a key with a deadline of its own ends.</summary>
internal sealed class KeyTimer(LeaseTimer owner, byte[] key, LeaseKeyRecord record) : Timed
{
    private long _deadline;

    public byte[] Key { get; } = key;

    /// <summary>As last applied.</summary>
    public LeaseKeyRecord Record { get; set; } = record;

    /// <summary>Where it stands among the keys of its lease (KeyTimers).</summary>
    public int Place { get; set; }

    public override LeaseTimer Owner => owner;

    public override long Deadline => Math.Max(_deadline, owner.DeadlineOfAll);

    public override long NextCheckpoint => Silence.Including(owner.SilenceOfAll, owner.TtlTicks).NextCheckpoint(owner.TtlTicks, Deadline);

    /// <summary>Its lease was renewed without it: the lease's own checkpoint does not speak for it.</summary>
    public bool IsBehind => Deadline < owner.Deadline;

    /// <summary>It has so much time from now on, for it was set, or a new leader takes it in.</summary>
    public void Begin(long now, long deadline)
    {
        Silence.BeginAt(now);
        _deadline = deadline;
    }

    public void Renew(long now)
    {
        Silence = Silence.Including(owner.SilenceOfAll, owner.TtlTicks);
        Silence.Renewed(now, owner.TtlTicks);
        _deadline = now + owner.TtlTicks;
    }
}
