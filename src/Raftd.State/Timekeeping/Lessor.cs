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
//      silent means is in SilenceClock.
//
// What costs how much. A lease may have 100 000 keys with deadlines of their own, and the replica's thread, which speaks
// the heartbeats, asks for what is due under the same lock. So nothing under the lock looks at each key of a lease:
//
//   - Leases and keys stand in the same two queues, of deadlines and of silences. Both are lazy: a renewal moves only the
//     deadline, and the queue finds out when it looks (a timer stands in it at a time not later than its true one).
//   - A renewal of a lease with all its keys is a stamp that each key compares with (LeaseTimer.DeadlineOfAll). What was
//     proposed is noted with the lease's generation (Timed), so an entry that raises that voids it for all keys.
//   - What is long by nature goes in slices, between which others get the lock: the changes of a batch of entries, the
//     looks at what is due, the leases and keys that a new leader takes in, the keys of a lease that is gone.

using Raftd.Contract;
using Raftd.State.Leases;
using Raftd.State.Views;

namespace Raftd.State.Timekeeping;

/// <summary>Keeps the time of leases while this member leads. Any thread.</summary>
public sealed partial class Lessor : IStateObserver
{
    /// <summary>Guards everything below. Outcomes are completed outside it. Never held while values are read.</summary>
    private readonly Lock _lock = new();

    private readonly IReplicatedState _state;
    private readonly TimeProvider _time;
    private readonly long _start;

    private Dictionary<long, LeaseTimer> _timers = [];
    private TimerQueue _deadlines = new(ofSilences: false);
    private TimerQueue _silences = new(ofSilences: true);

    /// <summary>Leases that are gone, whose keys still stand in the queues.</summary>
    private Queue<LeaseTimer> _removed = new();
    private HashSet<TaskCompletionSource> _waitedFor = [];
    private bool _isPromoted;
    private ulong _term;

    /// <summary>Completed when all leases have been taken in after a promotion; null when there is nothing to wait for.</summary>
    private TaskCompletionSource? _loading;

    /// <summary>While loading: the greatest id taken in.</summary>
    private long _loadedThrough;

    /// <summary>The lease of that id while its keys are taken in, and the key that is next.</summary>
    private LeaseTimer? _loadingLease;
    private byte[] _nextKey = [];

    /// <param name="state">Told there to observe applied changes; one lessor for each.</param>
    /// <param name="time">Only its timestamps are read, never its wall clock.</param>
    public Lessor(IReplicatedState state, TimeProvider time)
    {
        _state = state;
        _time = time;
        _start = time.GetTimestamp();
        state.Observe(this);
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
    /// <remarks>Takes constant time for any number of leases: Load takes them in, a portion at a time.</remarks>
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
    /// <param name="max">So many leases and keys together.</param>
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
            _loadingLease = null;
            _deadlines = new TimerQueue(ofSilences: false);
            _silences = new TimerQueue(ofSilences: true);
            _removed = new Queue<LeaseTimer>();
            _isPromoted = false;
        }

        Complete(outcomes);
    }

    /// <summary>The full name of a key that goes by its own; null where there is no such lease.</summary>
    public byte[]? FullKeyOf(long id, ReadOnlySpan<byte> key) => _state.View().FindLease(id)?.FullKey(key);

    /// <summary>Renews a lease if that needs no entry. Call it after a read barrier that began after the request came.</summary>
    /// <param name="id">The lease.</param>
    /// <param name="key">The key's own name; null renews the lease and all its keys.</param>
    /// <param name="data">What the key must hold; null where the request brings none.</param>
    /// <param name="held">What it holds, looked up after the request came; null where there is no such key, and without data.</param>
    public RenewResult TryRenew(long id, ReadOnlyMemory<byte>? key = null, ReadOnlyMemory<byte>? data = null, KeyItem? held = null)
    {
        byte[]? fullKey = null;
        if (key is { } ownKey)
        {
            var view = _state.View();
            if (view.FindLease(id) is not { Hidden: false } lease)
            {
                return new RenewResult(IsPromoted ? RenewStatus.NotFound : RenewStatus.NotLeader);
            }

            fullKey = lease.FullKey(ownKey.Span);
            if (NeedsChange(view, lease.Id, fullKey, data, held) is { } status)
            {
                return IsPromoted ? WaitOr(id, fullKey, status) : new RenewResult(RenewStatus.NotLeader);
            }
        }

        lock (_lock)
        {
            return RenewLocked(id, fullKey);
        }
    }

    /// <remarks>
    /// The deletion of a range can bring a million changes, so the lock is released between slices. Other threads then find a
    /// view that is ahead of the timers, and no client can tell: answers to these entries, and the barriers of renewals, are
    /// released only after the whole Publish. So a renewal in between began before any client was told of these entries; and
    /// an expiry that is proposed in between names an old generation or revision, and is void.
    /// </remarks>
    public void OnPublished(PublishedChanges changes) => Observe(changes.Leases);

    /// <summary>A member that has received a snapshot does not lead: a leader keeps no time of a state it has not applied.</summary>
    public void OnReplaced() => Demote();

    private void Observe(List<LeaseChange> changes)
    {
        if (changes.Count == 0)
        {
            return;
        }

        var outcomes = new List<TaskCompletionSource>();
        var observed = 0;
        while (observed < changes.Count)
        {
            lock (_lock)
            {
                if (!_isPromoted)
                {
                    return;
                }

                var now = Now();
                var end = Math.Min(changes.Count, observed + SliceItems);
                for (; observed < end; observed++)
                {
                    Observe(changes[observed], now, outcomes);
                }

                ForgetRemoved();
            }
        }

        Complete(outcomes);
    }

    /// <summary>Null where the key is as a keepalive would leave it.</summary>
    private static RenewStatus? NeedsChange(IStateView view, long id, byte[] fullKey, ReadOnlyMemory<byte>? data, KeyItem? held)
    {
        var attached = view.FindLeaseKey(id, fullKey);
        if (data is null)
        {
            return attached is null ? RenewStatus.KeyNotFound : null;
        }

        var same = attached is { OwnDeadline: true }
            && held is { } item
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

        if (timer.IsLoading)
        {
            return new RenewResult(RenewStatus.Wait, Outcome: _loading!.Task);
        }

        var key = fullKey is null ? null : timer.FindKey(fullKey);
        if (timer.IsExpiryPending || key is { IsExpiryPending: true } || (fullKey is null && timer.PendingKeys > 0))
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

    /// <summary>While leases are taken in, one above _loadedThrough may exist and have no timer yet: its renewal waits.</summary>
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
        timer.Renew(now, key, allKeys);

        // Rarely earlier than before: when renewals have come closer together, or the first use began a shorter time.
        _silences.SetNotLater(timer, timer.NextCheckpoint);
        if (key is not null)
        {
            _silences.SetNotLater(key, key.NextCheckpoint);
        }
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

        var key = change.Key is null ? null : timer.FindKey(change.Key);
        switch (change.Kind)
        {
            case LeaseChangeKind.Renewed:
                ObserveRenewed(timer, key, change, now);
                TakeOutcome(timer, outcomes);
                break;
            case LeaseChangeKind.Claimed:
                ObserveClaimed(timer, change.Lease!, now);
                TakeOutcome(timer, outcomes);
                break;
            case LeaseChangeKind.Checkpointed:
                ObserveCheckpointed(timer, key, change, now);
                break;
            case LeaseChangeKind.Removed:
                ObserveRemoved(timer);
                TakeOutcome(timer, outcomes);
                break;
            case LeaseChangeKind.KeySet:
                SetKey(timer, key, change, now);
                break;
            case LeaseChangeKind.KeyRemoved:
                if (key is not null)
                {
                    timer.RemoveKey(key);
                    Forget(key);
                }

                TakeOutcome(timer, outcomes);
                break;

            // Marks of an earlier term went with its timers (Demote).
            case LeaseChangeKind.ExpiryVoid when change.Term == _term:
                Unmark(change.Key is null ? timer : key);
                TakeOutcome(timer, outcomes);
                break;
        }
    }

    /// <summary>The entry has raised the generation, so all that was proposed for the lease before is void. Its keys that were
    /// collected to end are put back one by one, each by its own ExpiryVoid.</summary>
    private void ObserveRenewed(LeaseTimer timer, KeyTimer? key, LeaseChange change, long now)
    {
        timer.Update(change.Lease!);
        if (key is not null && change.KeyRecord is { } record)
        {
            timer.Update(key, record);
        }

        Renew(timer, key, allKeys: change.Key is null, now);
        _deadlines.SetNotLater(timer, timer.Deadline);
    }

    private void ObserveClaimed(LeaseTimer timer, LeaseRecord lease, long now)
    {
        var began = timer.Lease.IsUnclaimed;
        timer.Update(lease);
        if (began)
        {
            Renew(timer, key: null, allKeys: false, now);
            _deadlines.SetNotLater(timer, timer.Deadline);
        }
    }

    private void ObserveCheckpointed(LeaseTimer timer, KeyTimer? key, LeaseChange change, long now)
    {
        if (change.Key is null)
        {
            timer.Update(change.Lease!);
            Stored(timer, now);
        }
        else if (key is not null)
        {
            timer.Update(key, change.KeyRecord!);
            Stored(key, now);
        }
    }

    private void Stored(Timed timer, long now)
    {
        timer.CheckpointProposedIn = 0;
        timer.Silence.Checkpointed(now);
        _silences.Set(timer, timer.NextCheckpoint);
    }

    private void ObserveRemoved(LeaseTimer timer)
    {
        timer.IsRemoved = true;
        _timers.Remove(timer.Id);
        Forget(timer);
        if (timer.KeyCount > 0)
        {
            _removed.Enqueue(timer);
        }
    }

    /// <summary>Takes the keys of leases that have ended out of the queues, a slice at a time.</summary>
    /// <remarks>Until then such a key may come up as due. IsRemoved of its lease keeps it out of a proposal.</remarks>
    private void ForgetRemoved()
    {
        for (var i = 0; i < SliceItems && _removed.TryPeek(out var timer); i++)
        {
            if (timer.KeyCount == 0)
            {
                _removed.Dequeue();
                continue;
            }

            var key = timer.AnyKey;
            timer.RemoveKey(key);
            Forget(key);
        }
    }

    private void Forget(Timed timer)
    {
        _deadlines.Remove(timer);
        _silences.Remove(timer);
    }

    /// <summary>No proposal to end it is under way any more: it is looked at again when it is due.</summary>
    private void Unmark(Timed? timer)
    {
        if (timer is null)
        {
            return;
        }

        if (timer.IsExpiryPending)
        {
            timer.Owner.PendingKeys -= timer is KeyTimer ? 1 : 0;
            timer.ExpiryProposedIn = 0;
        }

        _deadlines.SetNotLater(timer, timer.Deadline);
    }

    /// <summary>True if there may be more.</summary>
    private bool LoadNext(int max)
    {
        var view = _state.View();
        var now = Now();
        if (!LoadKeys(view, now, ref max))
        {
            return true;
        }

        if (_loadedThrough == long.MaxValue)
        {
            // The greatest id is the last: there is nothing to begin this portion with.
            return false;
        }

        foreach (var lease in view.LeasesFrom(_loadedThrough + 1))
        {
            if (max-- <= 0)
            {
                return true;
            }

            _loadedThrough = lease.Id;
            if (_timers.ContainsKey(lease.Id))
            {
                // Granted since the promotion: its entry has begun its time already (Observe).
                continue;
            }

            _loadingLease = NewTimer(lease, now);
            _loadingLease.IsLoading = true;
            _nextKey = [];
            Add(_loadingLease);
            if (!LoadKeys(view, now, ref max))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes in keys of the lease that is being loaded. What is applied between two portions is observed as for
    /// any lease; a key that comes later is met in the view.</summary>
    /// <returns>False if there may be more of them.</returns>
    private bool LoadKeys(IStateView view, long now, ref int max)
    {
        if (_loadingLease is not { } timer)
        {
            return true;
        }

        foreach (var (key, record) in timer.IsRemoved ? [] : view.KeysOf(timer.Id, _nextKey))
        {
            if (max-- <= 0)
            {
                _nextKey = key;
                return false;
            }

            if (record.OwnDeadline && timer.FindKey(key) is null)
            {
                LoadKey(timer, key, record, now);
            }
        }

        timer.IsLoading = false;
        _loadingLease = null;
        return true;
    }

    /// <summary>No key outlives its lease, so a lease's checkpoint bounds its keys' times as well.</summary>
    private void LoadKey(LeaseTimer timer, byte[] name, LeaseKeyRecord record, long now)
    {
        var left = timer.Lease.RemainingOf(record);
        var key = timer.AddKey(name, record);
        key.Begin(now, Math.Min(
            timer.Deadline, left is null ? now + timer.TtlTicks : now + (left.Value * TimeSpan.TicksPerMillisecond)));
        Schedule(key);
    }

    private void Add(LeaseTimer timer)
    {
        _timers.Add(timer.Id, timer);
        Schedule(timer);
    }

    private void Schedule(Timed timer)
    {
        _deadlines.SetNotLater(timer, timer.Deadline);
        _silences.SetNotLater(timer, timer.NextCheckpoint);
    }

    private static LeaseTimer NewTimer(LeaseRecord lease, long now)
    {
        var timer = new LeaseTimer(lease);
        timer.Begin(now, now + (lease.HasCheckpoint
            ? lease.CheckpointMilliseconds * TimeSpan.TicksPerMillisecond
            : timer.FullTicks));
        return timer;
    }

    private void SetKey(LeaseTimer timer, KeyTimer? key, LeaseChange change, long now)
    {
        Invariant.Check(key is null, $"a key of lease {timer.Id} was set that was not removed before");
        key = timer.AddKey(change.Key!, change.KeyRecord!);
        key.Begin(now, now + timer.TtlTicks);
        Schedule(key);
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
