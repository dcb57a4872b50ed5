using Raftd.Store.Commands;

namespace Raftd.Store.Leases;

public sealed partial class Lessor
{
    /// <summary>Below this many entries a queue is not worth sweeping.</summary>
    private const int MinSweepItems = 4096;

    /// <summary>What has run out, to be proposed; its parts are pending until the outcome is observed or dropped.</summary>
    /// <param name="max">At most this many leases and keys together.</param>
    /// <returns>Null when nothing is due. A full batch means that there may be more.</returns>
    public LeaseExpireCommand? CollectDue(int max)
    {
        lock (_lock)
        {
            var leases = new List<LeaseExpiry>();
            var keys = new List<LeaseKeyExpiry>();
            var now = Now();
            while (leases.Count + keys.Count < max && _deadlines.TryPeek(out var timer, out var at) && at < now)
            {
                _deadlines.Dequeue();
                if (timer.IsRemoved || at != timer.Scheduled)
                {
                    continue;
                }

                timer.Scheduled = long.MaxValue;
                if (timer.Deadline < now)
                {
                    if (!timer.IsExpiryPending)
                    {
                        timer.IsExpiryPending = true;
                        leases.Add(new LeaseExpiry(timer.Id, timer.Lease.Generation));
                    }

                    continue;
                }

                CollectKeys(timer, now, keys);
                Schedule(timer);
            }

            return leases.Count + keys.Count == 0 ? null : new LeaseExpireCommand(_term, leases, keys);
        }
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
                Drop(lease.Id, lease.Generation, key: null, outcomes);
            }

            foreach (var key in batch.Keys)
            {
                Drop(key.Id, key.Generation, key.Key.ToArray(), outcomes);
            }
        }

        Complete(outcomes);
    }

    /// <summary>Leases and keys that are silent for long, to be checkpointed; pending until observed or dropped.</summary>
    /// <param name="max">At most this many leases, each with its keys.</param>
    public LeaseCheckpointCommand? CollectCheckpoints(int max)
    {
        lock (_lock)
        {
            var leases = new List<LeaseRemaining>();
            var keys = new List<LeaseKeyRemaining>();
            var now = Now();
            for (var i = 0; i < max && _silences.TryPeek(out var timer, out var at) && at < now; i++)
            {
                _silences.Dequeue();
                if (!timer.IsRemoved && at == timer.SilenceScheduled)
                {
                    timer.SilenceScheduled = long.MaxValue;
                    CollectSilent(timer, now, leases, keys);
                    ScheduleSilence(timer, notBefore: now);
                }
            }

            return leases.Count + keys.Count == 0 ? null : new LeaseCheckpointCommand(_term, leases, keys);
        }
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
                if (_timers.TryGetValue(lease.Id, out var timer) && timer.Lease.Generation == lease.Generation)
                {
                    timer.IsCheckpointPending = false;
                    ScheduleSilence(timer);
                }
            }

            foreach (var key in batch.Keys)
            {
                if (_timers.TryGetValue(key.Id, out var timer)
                    && timer.Lease.Generation == key.Generation
                    && timer.FindKey(key.Key.Span) is { } keyTimer)
                {
                    keyTimer.IsCheckpointPending = false;
                    ScheduleSilence(timer);
                }
            }
        }
    }

    private void CollectSilent(LeaseTimer timer, long now, List<LeaseRemaining> leases, List<LeaseKeyRemaining> keys)
    {
        if (timer.IsExpiryPending || timer.Deadline < now)
        {
            // About to end. If its expiry turns out void, the next silence counts from then.
            timer.Pulse.SilentSince = now;
            return;
        }

        foreach (var key in timer.Keys ?? [])
        {
            if (key.IsBehind(timer) && key.Deadline >= now && key.Pulse.SilentUntil(timer.TtlTicks) < now)
            {
                key.IsCheckpointPending = true;
                keys.Add(new LeaseKeyRemaining(
                    timer.Id, timer.Lease.Generation, key.Key, key.ModRevision, Milliseconds(key.Deadline - now)));
            }
        }

        if (!timer.IsCheckpointPending && timer.Pulse.SilentUntil(timer.FullTicks) < now)
        {
            timer.IsCheckpointPending = true;
            leases.Add(new LeaseRemaining(timer.Id, timer.Lease.Generation, Milliseconds(timer.Deadline - now)));
        }
    }

    /// <summary>Rounded up: never early.</summary>
    private static long Milliseconds(long ticks) => (ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;

    private static void CollectKeys(LeaseTimer timer, long now, List<LeaseKeyExpiry> keys)
    {
        foreach (var key in timer.Keys ?? [])
        {
            if (key.Deadline < now && !key.IsExpiryPending)
            {
                key.IsExpiryPending = true;
                keys.Add(new LeaseKeyExpiry(timer.Id, timer.Lease.Generation, key.Key, key.ModRevision));
            }
        }
    }

    private void Drop(long id, long generation, byte[]? key, List<TaskCompletionSource> outcomes)
    {
        if (_timers.TryGetValue(id, out var timer) && timer.Lease.Generation == generation)
        {
            Unmark(timer, key);
            TakeOutcome(timer, outcomes);
        }
    }

    /// <summary>Puts a lease into the queue if the queue would look at it too late.</summary>
    private void Schedule(LeaseTimer timer)
    {
        var due = timer.NextDue();
        if (due < timer.Scheduled && !timer.IsExpiryPending)
        {
            timer.Scheduled = due;
            _deadlines.Enqueue(timer, due);
        }
    }

    /// <summary>As Schedule, for the queue of silences.</summary>
    private void ScheduleSilence(LeaseTimer timer, long notBefore = 0)
    {
        var due = Math.Max(timer.SilentUntil(), notBefore);
        if (due < timer.SilenceScheduled)
        {
            timer.SilenceScheduled = due;
            _silences.Enqueue(timer, due);
        }
    }

    /// <summary>Leases that were revoked long before their time leave entries behind; they are cleared when they are most.</summary>
    private void MaybeSweep()
    {
        if (_deadlines.Count > MinSweepItems && _deadlines.Count > 2 * _timers.Count)
        {
            _deadlines = new PriorityQueue<LeaseTimer, long>(_deadlines.UnorderedItems
                .Where(item => !item.Element.IsRemoved && item.Priority == item.Element.Scheduled));
        }

        if (_silences.Count > MinSweepItems && _silences.Count > 2 * _timers.Count)
        {
            _silences = new PriorityQueue<LeaseTimer, long>(_silences.UnorderedItems
                .Where(item => !item.Element.IsRemoved && item.Priority == item.Element.SilenceScheduled));
        }
    }
}
