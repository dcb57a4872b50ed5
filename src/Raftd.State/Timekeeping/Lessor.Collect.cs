using Raftd.State.Commands;
using Raftd.State.Leases;

namespace Raftd.State.Timekeeping;

public sealed partial class Lessor
{
    /// <summary>Bytes of one entry that ends or checkpoints, give or take a key: keys may have 4 KiB, and a thousand of them
    /// would hold up what is behind them in the log.</summary>
    public const int MaxEntryBytes = 256 << 10;

    /// <summary>Changes, looks or keys for which the lock is held at a time: some tenths of a millisecond.</summary>
    private const int SliceItems = 256;

    /// <summary>Slices of looks in one call: some milliseconds of the replica's thread. What is renewed without an entry is
    /// looked at once in its time to live.</summary>
    private const int MaxSlices = 80;

    /// <summary>A lease or key whose expiry is proposed is looked at again after this, in case nothing comes of it.</summary>
    private static readonly long LookAgain = TimeSpan.FromMilliseconds(250).Ticks;

    /// <summary>What has run out, to be proposed; its parts are pending until the outcome is observed or dropped.</summary>
    /// <param name="max">At most this many leases and keys together.</param>
    /// <returns>Null when nothing is due. A full batch means that there may be more.</returns>
    public LeaseExpireCommand? CollectDue(int max)
    {
        var batch = new Batch<LeaseExpiry, LeaseKeyExpiry>(max);
        for (var slice = 0; slice < MaxSlices; slice++)
        {
            lock (_lock)
            {
                ForgetRemoved();
                if (!_isPromoted || !batch.IsOfTerm(_term) || !LookAtDeadlines(batch))
                {
                    break;
                }
            }
        }

        return batch.IsEmpty ? null : new LeaseExpireCommand(batch.Term, batch.Leases, batch.Keys);
    }

    /// <summary>The batch was not proposed, or surely will not be applied: its parts are due again.</summary>
    public void ExpiryDropped(LeaseExpireCommand batch)
    {
        var outcomes = new List<TaskCompletionSource>();
        lock (_lock)
        {
            if (!_isPromoted || batch.Term != _term)
            {
                return;
            }

            foreach (var lease in batch.Leases)
            {
                if (_timers.TryGetValue(lease.Id, out var timer))
                {
                    Unmark(timer);
                    TakeOutcome(timer, outcomes);
                }
            }

            foreach (var key in batch.Keys)
            {
                if (_timers.TryGetValue(key.Id, out var timer))
                {
                    Unmark(timer.FindKey(key.Key.Span));
                    TakeOutcome(timer, outcomes);
                }
            }
        }

        Complete(outcomes);
    }

    /// <summary>Leases and keys that are silent for long, to be checkpointed; pending until observed or dropped.</summary>
    /// <param name="max">At most this many leases and keys together.</param>
    public LeaseCheckpointCommand? CollectCheckpoints(int max)
    {
        var batch = new Batch<LeaseRemaining, LeaseKeyRemaining>(max);
        for (var slice = 0; slice < MaxSlices; slice++)
        {
            lock (_lock)
            {
                if (!_isPromoted || !batch.IsOfTerm(_term) || !LookAtSilences(batch))
                {
                    break;
                }
            }
        }

        return batch.IsEmpty ? null : new LeaseCheckpointCommand(batch.Term, batch.Leases, batch.Keys);
    }

    /// <summary>The batch was not proposed, or surely will not be applied.</summary>
    public void CheckpointsDropped(LeaseCheckpointCommand batch)
    {
        lock (_lock)
        {
            if (!_isPromoted || batch.Term != _term)
            {
                return;
            }

            foreach (var lease in batch.Leases)
            {
                CheckpointDropped(_timers.GetValueOrDefault(lease.Id));
            }

            foreach (var key in batch.Keys)
            {
                CheckpointDropped(_timers.GetValueOrDefault(key.Id)?.FindKey(key.Key.Span));
            }
        }
    }

    /// <summary>One slice. True if there may be more.</summary>
    private bool LookAtDeadlines(Batch<LeaseExpiry, LeaseKeyExpiry> batch)
    {
        var now = Now();
        for (var i = 0; i < SliceItems; i++)
        {
            if (batch.IsFull || !_deadlines.TryPeek(out var timer, out var at) || at >= now)
            {
                return false;
            }

            LookAtDeadline(timer, now, batch);
        }

        return true;
    }

    /// <summary>Moves it in the queue: to its deadline, or to another look.</summary>
    private void LookAtDeadline(Timed timer, long now, Batch<LeaseExpiry, LeaseKeyExpiry> batch)
    {
        if (timer.Deadline >= now)
        {
            _deadlines.Set(timer, timer.Deadline);
            return;
        }

        _deadlines.Set(timer, now + LookAgain);
        var lease = timer.Owner;
        if (lease.IsRemoved || lease.IsExpiryPending || timer.IsExpiryPending)
        {
            return;
        }

        if (timer is KeyTimer key && lease.Deadline >= now)
        {
            key.ExpiryProposedIn = lease.Lease.Generation;
            lease.PendingKeys++;
            batch.Add(new LeaseKeyExpiry(lease.Id, lease.Lease.Generation, key.Key, key.Record.ModRevision), key.Key.Length);
        }
        else
        {
            // A key whose lease is due as well goes with it; the lease may stand behind all of its keys in the queue.
            lease.ExpiryProposedIn = lease.Lease.Generation;
            batch.Add(new LeaseExpiry(lease.Id, lease.Lease.Generation));
        }
    }

    /// <summary>As LookAtDeadlines.</summary>
    private bool LookAtSilences(Batch<LeaseRemaining, LeaseKeyRemaining> batch)
    {
        var now = Now();
        for (var i = 0; i < SliceItems; i++)
        {
            if (batch.IsFull || !_silences.TryPeek(out var timer, out var at) || at >= now)
            {
                return false;
            }

            LookAtSilence(timer, now, batch);
        }

        return true;
    }

    private void LookAtSilence(Timed timer, long now, Batch<LeaseRemaining, LeaseKeyRemaining> batch)
    {
        var next = timer.NextCheckpoint;
        if (next >= now)
        {
            _silences.Set(timer, next);
            return;
        }

        var lease = timer.Owner;
        var left = timer.Deadline - now;
        if (left < 0 || lease.IsRemoved || lease.IsExpiryPending || timer.IsExpiryPending || timer.IsCheckpointPending)
        {
            _silences.Set(timer, now + LookAgain);
            return;
        }

        if (timer is KeyTimer { IsBehind: false })
        {
            // The lease's checkpoints speak for it, also once another key is renewed, so its own are not due sooner.
            _silences.Set(timer, now + SilenceClock.Interval(left, lease.TtlTicks));
            return;
        }

        _silences.Set(timer, now + LookAgain);
        var generation = lease.Lease.Generation;
        timer.CheckpointProposedIn = generation;
        if (timer is KeyTimer key)
        {
            lease.KeyCheckpointProposedIn = generation;
            batch.Add(
                new LeaseKeyRemaining(lease.Id, generation, key.Key, key.Record.ModRevision, Milliseconds(left)), key.Key.Length);
        }
        else
        {
            batch.Add(new LeaseRemaining(lease.Id, generation, Milliseconds(left)));
        }
    }

    private void CheckpointDropped(Timed? timer)
    {
        if (timer is not null)
        {
            timer.CheckpointProposedIn = 0;
            _silences.SetNotLater(timer, timer.NextCheckpoint);
        }
    }

    /// <summary>Rounded up: never early.</summary>
    private static long Milliseconds(long ticks) => (ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;

    /// <summary>What goes into one entry.</summary>
    private sealed class Batch<TLease, TKey>(int max)
    {
        // About what the numbers of a lease or a key take.
        private const int PartBytes = 40;

        private int _bytes;

        public ulong Term { get; private set; }

        public List<TLease> Leases { get; } = [];

        public List<TKey> Keys { get; } = [];

        public bool IsEmpty => Leases.Count + Keys.Count == 0;

        public bool IsFull => Leases.Count + Keys.Count >= max || _bytes >= MaxEntryBytes;

        /// <summary>False if another term began while the lock was free between two slices.</summary>
        public bool IsOfTerm(ulong term)
        {
            Term = Term == 0 ? term : Term;
            return Term == term;
        }

        public void Add(TLease lease)
        {
            Leases.Add(lease);
            _bytes += PartBytes;
        }

        public void Add(TKey key, int nameBytes)
        {
            Keys.Add(key);
            _bytes += PartBytes + nameBytes;
        }
    }
}
