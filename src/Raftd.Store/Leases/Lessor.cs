// The leader's part of leases: their time.
//
// The naive way writes each renewal into the log: ten thousand services that renew every three seconds are then most of
// the writes there are. Or it keeps deadlines on every member's clock: then a follower that stalls and becomes leader
// ends leases that were renewed at the old one. So time is kept by the leader alone, in memory, on a monotonic clock,
// and only ends go through the log:
//
//   1. Promote: when the leader has applied the first entry of its term, each lease gets its checkpoint, or its full
//      time to live, from now on. Everything a former leader acknowledged is behind us, so no lease ends early. "Now" is
//      when it is the lease's turn: taking in 200 000 leases takes some tenths of a second, so it is done in portions
//      between entries (Load), in the order of ids. A renewal of a lease whose turn has not come waits for it.
//   2. A renewal is asked here after a read barrier that began after it arrived. If nothing replicated has to change, it
//      moves the deadline and is done: O(1), no entry.
//   3. What runs out is collected (CollectDue), marked as pending, and proposed with the Raft term and the lease's
//      generation. While it is pending, renewals of it wait for the outcome: the entry decides, not the clock.
//   4. A renewal by entry raises the generation, so an expiry behind it in the log is void. An expiry before it removes
//      the lease, so the renewal finds nothing. Either way the two agree on all members.
//   5. A lease that is silent for long is checkpointed, so that elections do not extend it for ever. From then on its
//      renewals need an entry, which clears the checkpoint. While the checkpoint is proposed they need one already: a
//      renewal without an entry, acknowledged before an old checkpoint is applied, would be forgotten by the next leader.
//      A key of its own deadline that stays silent while its lease is renewed is checkpointed in the same way. What
//      silent means is in Pulse.
//
// The queue of deadlines is lazy: a renewal moves only the deadline, and the queue finds out when it looks (a lease is
// in the queue at a time not later than its true one). A lease whose time moves forward is queued twice, and the entry
// that is not Scheduled is passed over.

using Raftd.Contract;
using Raftd.Store.Mvcc;

namespace Raftd.Store.Leases;

/// <summary>Keeps the time of leases while this member leads. Any thread.</summary>
public sealed partial class Lessor
{
    /// <summary>Guards everything below. Outcomes are completed outside it. Never held while values are read.</summary>
    private readonly Lock _lock = new();

    private readonly StateMachine _state;
    private readonly TimeProvider _time;
    private readonly long _start;

    private Dictionary<long, LeaseTimer> _timers = [];
    private PriorityQueue<LeaseTimer, long> _deadlines = new();
    private PriorityQueue<LeaseTimer, long> _silences = new();
    private HashSet<TaskCompletionSource> _waitedFor = [];
    private bool _isPromoted;
    private ulong _term;

    /// <summary>Completed when all leases have been taken in after a promotion; null when there is nothing to wait for.</summary>
    private TaskCompletionSource? _loading;

    /// <summary>While loading: the greatest id taken in.</summary>
    private long _loadedThrough;

    /// <param name="state">Told there to observe applied changes; one lessor for each.</param>
    /// <param name="time">Only its timestamps are read, never its wall clock.</param>
    public Lessor(StateMachine state, TimeProvider time)
    {
        _state = state;
        _time = time;
        _start = time.GetTimestamp();
        state.Lessor = this;
    }

    /// <summary>Whether this member keeps the time now.</summary>
    public bool IsPromoted
    {
        get
        {
            lock (_lock)
            {
                return _isPromoted;
            }
        }
    }

    /// <summary>Begins to keep the time: on the apply thread, when the first entry of the term is applied and published.</summary>
    /// <remarks>In constant time, whatever the number of leases: Load takes them in by and by.</remarks>
    public void Promote(ulong term)
    {
        Demote();
        lock (_lock)
        {
            _term = term;
            _isPromoted = true;
            _loading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _loadedThrough = 0;
        }
    }

    /// <summary>Takes in the next leases after a promotion; on the apply thread, between entries.</summary>
    /// <returns>False when all are taken in.</returns>
    public bool Load(int max)
    {
        TaskCompletionSource? loaded = null;
        lock (_lock)
        {
            if (_loading is null)
            {
                return false;
            }

            if (LoadNext(max))
            {
                return true;
            }

            (loaded, _loading) = (_loading, null);
        }

        loaded.TrySetResult();
        return false;
    }

    /// <summary>Forgets all times. Those who wait ask again and learn that this member does not lead.</summary>
    public void Demote()
    {
        List<TaskCompletionSource> outcomes;
        lock (_lock)
        {
            outcomes = [.. _waitedFor];
            if (_loading is not null)
            {
                outcomes.Add(_loading);
            }

            _waitedFor = [];
            _loading = null;
            _timers = [];
            _deadlines = new PriorityQueue<LeaseTimer, long>();
            _silences = new PriorityQueue<LeaseTimer, long>();
            _isPromoted = false;
        }

        Complete(outcomes);
    }

    /// <summary>Renews a lease if that needs no entry. Call it after a read barrier that began after the request came.</summary>
    /// <param name="id">The lease.</param>
    /// <param name="key">The key's own name; null renews the lease and all its keys.</param>
    /// <param name="data">What the key must hold; null where the request brings none.</param>
    public RenewResult TryRenew(long id, ReadOnlyMemory<byte>? key = null, ReadOnlyMemory<byte>? data = null)
    {
        byte[]? fullKey = null;
        if (key is { } ownKey)
        {
            // The state is read before the lock, for it may have to ask the store for a large value.
            var view = _state.View();
            if (view.LeasesById.Find(new NumberProbe(id)) is not { Hidden: false } lease)
            {
                return new RenewResult(IsPromoted ? RenewStatus.NotFound : RenewStatus.NotLeader);
            }

            fullKey = lease.FullKey(ownKey.Span);
            if (NeedsChange(lease.Id, fullKey, data) is { } status)
            {
                return IsPromoted ? WaitOr(id, fullKey, status) : new RenewResult(RenewStatus.NotLeader);
            }
        }

        lock (_lock)
        {
            return RenewLocked(id, fullKey);
        }
    }

    /// <summary>What the applied entries have done; on the apply thread, after the view shows it.</summary>
    internal void Observe(List<LeaseChange> changes)
    {
        var outcomes = new List<TaskCompletionSource>();
        lock (_lock)
        {
            if (!_isPromoted)
            {
                return;
            }

            var now = Now();
            foreach (var change in changes)
            {
                Observe(change, now, outcomes);
            }
        }

        Complete(outcomes);
    }

    /// <summary>Null where the key is as a keepalive would leave it.</summary>
    private RenewStatus? NeedsChange(long id, byte[] fullKey, ReadOnlyMemory<byte>? data)
    {
        var attached = _state.View().LeaseKeys.Find(new IdKeyProbe(id, fullKey));
        if (data is null)
        {
            return attached is null ? RenewStatus.KeyNotFound : null;
        }

        var same = attached is { OwnDeadline: true }
            && _state.TryGet(fullKey, out var item)
            && item.Lease == id
            && item.Value.Span.SequenceEqual(data.Value.Span);
        return same ? null : RenewStatus.NeedsEntry;
    }

    private RenewResult WaitOr(long id, byte[] fullKey, RenewStatus status)
    {
        lock (_lock)
        {
            if (!_isPromoted)
            {
                return new RenewResult(RenewStatus.NotLeader);
            }

            if (!_timers.TryGetValue(id, out var timer))
            {
                return NotFoundOrNotLoaded(id);
            }

            return timer.IsExpiryPending || timer.FindKey(fullKey) is { IsExpiryPending: true }
                ? WaitFor(timer)
                : new RenewResult(status);
        }
    }

    private RenewResult RenewLocked(long id, byte[]? fullKey)
    {
        if (!_isPromoted)
        {
            return new RenewResult(RenewStatus.NotLeader);
        }

        if (!_timers.TryGetValue(id, out var timer))
        {
            return NotFoundOrNotLoaded(id);
        }

        var key = fullKey is null ? null : timer.FindKey(fullKey);
        if (timer.IsExpiryPending || key is { IsExpiryPending: true } || (fullKey is null && timer.HasPendingKey))
        {
            return WaitFor(timer);
        }

        if (timer.Lease.Status == LeaseStatus.Create || timer.HasCheckpoint(key))
        {
            return new RenewResult(RenewStatus.NeedsEntry);
        }

        Renew(timer, key, allKeys: fullKey is null, Now());
        return new RenewResult(RenewStatus.Renewed, timer.Lease.TtlSeconds);
    }

    /// <summary>A lease that a new leader has not come to yet is soon there, or soon known not to be.</summary>
    private RenewResult NotFoundOrNotLoaded(long id) =>
        _loading is not null && id > _loadedThrough
            ? new RenewResult(RenewStatus.Wait, Outcome: _loading.Task)
            : new RenewResult(RenewStatus.NotFound);

    private RenewResult WaitFor(LeaseTimer timer)
    {
        if (timer.Outcome is null)
        {
            timer.Outcome = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waitedFor.Add(timer.Outcome);
        }

        return new RenewResult(RenewStatus.Wait, Outcome: timer.Outcome.Task);
    }

    private void Renew(LeaseTimer timer, KeyTimer? key, bool allKeys, long now)
    {
        timer.Pulse.Beat(now, timer.TtlTicks);
        timer.Deadline = now + timer.TtlTicks;
        if (key is not null)
        {
            key.Renew(now, timer.TtlTicks);
        }
        else if (allKeys)
        {
            timer.Keys?.ForEach(each => each.Renew(now, timer.TtlTicks));
        }

        // Rarely earlier than before: when renewals have come closer together, or the first use began a shorter time.
        ScheduleSilence(timer);
    }

    private void Observe(LeaseChange change, long now, List<TaskCompletionSource> outcomes)
    {
        if (change.Kind == LeaseChangeKind.Granted)
        {
            Add(NewTimer(change.Lease!, now));
            return;
        }

        if (!_timers.TryGetValue(change.Id, out var timer))
        {
            return;
        }

        switch (change.Kind)
        {
            case LeaseChangeKind.Renewed:
                ObserveRenewed(timer, change, now);
                TakeOutcome(timer, outcomes);
                break;
            case LeaseChangeKind.Claimed:
                ObserveClaimed(timer, change, now);
                TakeOutcome(timer, outcomes);
                break;
            case LeaseChangeKind.Checkpointed:
                ObserveCheckpointed(timer, change, now);
                break;
            case LeaseChangeKind.Removed:
                timer.IsRemoved = true;
                _timers.Remove(timer.Id);
                TakeOutcome(timer, outcomes);
                MaybeSweep();
                break;
            case LeaseChangeKind.KeySet:
                SetKey(timer, change.Key!, change.ModRevision, now);
                Schedule(timer);
                break;
            case LeaseChangeKind.KeyRemoved:
                timer.Keys?.RemoveAll(key => change.Key!.AsSpan().SequenceEqual(key.Key));
                TakeOutcome(timer, outcomes);
                break;
            case LeaseChangeKind.ExpiryVoid when change.Term == _term:
                Unmark(timer, change.Key);
                TakeOutcome(timer, outcomes);
                break;
        }
    }

    /// <summary>The entry has raised the generation: whatever was proposed for the lease before is void.</summary>
    private void ObserveRenewed(LeaseTimer timer, LeaseChange change, long now)
    {
        timer.Lease = change.Lease!;
        VoidProposals(timer);
        var key = change.Key is null ? null : timer.FindKey(change.Key);
        Renew(timer, key, allKeys: change.Key is null, now);
        NoteKeyCheckpoints(timer);
        Schedule(timer);
        ScheduleSilence(timer);
    }

    private void ObserveClaimed(LeaseTimer timer, LeaseChange change, long now)
    {
        var began = timer.Lease.IsUnclaimed;
        timer.Lease = change.Lease!;
        if (began)
        {
            VoidProposals(timer);
            Renew(timer, key: null, allKeys: false, now);
            Schedule(timer);
        }
    }

    private void ObserveCheckpointed(LeaseTimer timer, LeaseChange change, long now)
    {
        timer.Lease = change.Lease!;
        if (change.Key is null)
        {
            timer.IsCheckpointPending = false;
            timer.Pulse.SilentSince = now;
        }
        else if (timer.FindKey(change.Key) is { } key && key.ModRevision == change.ModRevision)
        {
            key.IsCheckpointPending = false;
            key.Pulse.SilentSince = now;
        }

        NoteKeyCheckpoints(timer);
        ScheduleSilence(timer);
    }

    private static void VoidProposals(LeaseTimer timer)
    {
        timer.IsExpiryPending = false;
        timer.IsCheckpointPending = false;
        foreach (var key in timer.Keys ?? [])
        {
            key.IsExpiryPending = false;
            key.IsCheckpointPending = false;
        }
    }

    private static void NoteKeyCheckpoints(LeaseTimer timer)
    {
        foreach (var key in timer.Keys ?? [])
        {
            key.IsCheckpointed = timer.Lease.FindCheckpoint(key.Key, key.ModRevision) is not null;
        }
    }

    private void Unmark(LeaseTimer timer, byte[]? key)
    {
        if (key is not null)
        {
            if (timer.FindKey(key) is { } keyTimer)
            {
                keyTimer.IsExpiryPending = false;
            }
        }
        else
        {
            timer.IsExpiryPending = false;
        }

        Schedule(timer);
    }

    /// <summary>True if there may be more.</summary>
    private bool LoadNext(int max)
    {
        var view = _state.View();
        var now = Now();
        var scan = view.LeasesById.From(new NumberProbe(_loadedThrough + 1));
        for (var i = 0; i < max; i++)
        {
            if (!scan.MoveNext())
            {
                return false;
            }

            _loadedThrough = scan.Key;
            if (!_timers.ContainsKey(scan.Key))
            {
                Add(StoredTimer(view, scan.Item, now));
            }
        }

        return _loadedThrough != long.MaxValue; // the greatest id is the last: there is nothing to begin the next portion with
    }

    /// <summary>No key outlives its lease, so a lease's checkpoint bounds its keys' times as well.</summary>
    private static LeaseTimer StoredTimer(KeyspaceView view, LeaseRecord lease, long now)
    {
        var timer = NewTimer(lease, now);
        var keys = view.LeaseKeys.From(new IdKeyProbe(lease.Id, default));
        while (keys.MoveNext() && keys.Key.Id == lease.Id)
        {
            if (keys.Item.OwnDeadline)
            {
                var left = lease.FindCheckpoint(keys.Key.Key, keys.Item.ModRevision)?.RemainingMilliseconds;
                var key = SetKey(timer, keys.Key.Key, keys.Item.ModRevision, now);
                key.Deadline = Math.Min(
                    timer.Deadline, left is null ? key.Deadline : now + (left.Value * TimeSpan.TicksPerMillisecond));
            }
        }

        NoteKeyCheckpoints(timer);
        return timer;
    }

    private void Add(LeaseTimer timer)
    {
        _timers.Add(timer.Id, timer);
        Schedule(timer);
        ScheduleSilence(timer);
    }

    private static LeaseTimer NewTimer(LeaseRecord lease, long now)
    {
        var timer = new LeaseTimer(lease) { Pulse = new Pulse { SilentSince = now } };
        timer.Deadline = now + (lease.HasCheckpoint
            ? lease.CheckpointMilliseconds * TimeSpan.TicksPerMillisecond
            : timer.FullTicks);
        return timer;
    }

    private static KeyTimer SetKey(LeaseTimer timer, byte[] key, long modRevision, long now)
    {
        var keyTimer = timer.FindKey(key);
        if (keyTimer is null)
        {
            keyTimer = new KeyTimer(key);
            (timer.Keys ??= new List<KeyTimer>(1)).Add(keyTimer);
        }

        keyTimer.ModRevision = modRevision;
        keyTimer.IsExpiryPending = false;
        keyTimer.IsCheckpointPending = false;
        keyTimer.IsCheckpointed = false;
        keyTimer.Pulse.SilentSince = now;
        keyTimer.Deadline = now + timer.TtlTicks;
        return keyTimer;
    }

    private void TakeOutcome(LeaseTimer timer, List<TaskCompletionSource> outcomes)
    {
        if (timer.Outcome is { } outcome)
        {
            outcomes.Add(outcome);
            _waitedFor.Remove(outcome);
            timer.Outcome = null;
        }
    }

    private static void Complete(List<TaskCompletionSource> outcomes) =>
        outcomes.ForEach(outcome => outcome.TrySetResult());

    /// <summary>Ticks since this lessor was made, rounded up, from the monotonic clock; above 0.</summary>
    private long Now() => _time.GetElapsedTime(_start).Ticks + 1;
}
