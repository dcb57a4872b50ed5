namespace Raftd.Mutations.Table;

/// <summary>Leases with many keys, and how often what is silent is checkpointed.</summary>
internal static class LeaseLoadMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "checkpoint-rewrites-every-key",
            Failures = [48],
            Wrong = "a checkpoint of one key writes those of all keys of its lease again: N² in apply on every member",
            In = "LeaseCheckpointCommand",
            Original = "state.Leases.Store(due.Id, key.Key, checkpointed);",
            Broken = """
                state.Leases.Store(due.Id, key.Key, checkpointed);
                foreach (var other in state.Leases.KeysOf(due.Id, int.MaxValue))
                {
                    state.Leases.Store(due.Id, other, state.Leases.FindKey(due.Id, other)!);
                }
                """,
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "lease-without-bound-of-keys",
            Failures = [48],
            Wrong = "a lease may have any number of keys",
            In = "RefusalRules.RefuseLeaseKey",
            Original = "state.Leases.CountKeys(lease) < maxKeys",
            Broken = "maxKeys > 0",
            Suites = [Suite.Store, Suite.Node],
        },
        new()
        {
            Name = "checkpoints-not-counted",
            Failures = [79],
            Wrong = "what is stored of keys is not in the bytes that the quota bounds",
            In = "LeaseTable.Store",
            Original = "countBytes((record.IsStored ? LeaseKeyRecord.StoredBytes : 0) - (former.IsStored ? LeaseKeyRecord.StoredBytes : 0));",
            Broken = "",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "key-checkpoints-not-flushed",
            Failures = [33, 47],
            Wrong = "what is stored of keys stays out of the transaction that moves the applied index",
            In = "LeasePart.TakeUnflushed",
            Original = "WriteKeys(writer, keys);",
            Broken = "",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "stray-key-checkpoint-ignored",
            Failures = [],
            Wrong = "a stored checkpoint of a key that is not there is passed over at the start",
            In = "LeasePart.Attach",
            Original = "stored.Count > 0",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "floor-not-passed-on",
            Failures = [47],
            Wrong = "a renewal of one key clears the checkpoint of the lease for all others: elections keep them for ever (docs/bugs.md)",
            In = "LeaseKeepAliveCommand.FloorOf",
            Original = "new LeaseFloor(lease.CheckpointMilliseconds, lease.Generation, revision)",
            Broken = "(LeaseFloor?)null",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "floor-for-renewed-keys",
            Failures = [47],
            Wrong = "the floor speaks for a key that an entry has renewed since: the next leader ends it early",
            In = "LeaseRecord.RemainingOf",
            Original = "key.ModRevision <= floor.Revision && «key.Generation <= floor.Generation»",
            Broken = "true",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "checkpoints-outlive-renewal-of-all-keys",
            Failures = [47],
            Wrong = "a renewal of a lease with all its keys leaves the checkpoints of keys standing",
            In = "LeaseRecord.RemainingOf",
            Original = "key.RemainingMilliseconds >= 0 && key.Generation >= RenewedGeneration",
            Broken = "key.RemainingMilliseconds >= 0",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "lessor-holds-its-lock",
            Failures = [48],
            Wrong = "the changes of a batch of entries are observed under one hold of the lock that heartbeats wait for",
            In = "Lessor.Observe(1)",
            Original = "Math.Min(changes.Count, observed + SliceItems)",
            Broken = "changes.Count",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "looks-without-a-pause",
            Failures = [48],
            Wrong = "all that stands in the queue too early is looked at under one hold of the lock",
            In = "Lessor.LookAtDeadlines",
            Original = "LookAtDeadlines(Batch<LeaseExpiry, LeaseKeyExpiry> batch) { var now = Now(); for (var i = 0; «i < SliceItems»; i++)",
            Broken = "true",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "keys-taken-in-with-their-lease",
            Failures = [48],
            Wrong = "a new leader takes in a lease with all its keys in one step, however many there are",
            In = "Lessor.LoadKeys",
            Original = "if («max-- <= 0») { _nextKey = key;",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "renewal-of-half-loaded-lease",
            Failures = [46, 47],
            Wrong = "a lease is renewed before the new leader knows all its keys: the key stays as its checkpoint says",
            In = "Lessor.RenewLocked",
            Original = "if («timer.IsLoading») { return new RenewResult(RenewStatus.Wait",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "renewal-of-all-keys-reaches-none",
            Failures = [47],
            Wrong = "a renewal that names no key renews the lease and not its keys",
            In = "KeyTimer.Deadline",
            Original = "Math.Max(_deadline, owner.DeadlineOfAll)",
            Broken = "_deadline",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "void-expiry-of-key-not-looked-at-again",
            Failures = [47],
            Wrong = "a key whose expiry was void for a renewal of another key is looked at too late",
            In = "Lessor.Unmark",
            Original = "timer.ExpiryProposedIn = 0; } «_deadlines.SetNotLater(timer, timer.Deadline);»",
            Broken = "",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "entries-of-any-size",
            Failures = [48],
            Wrong = "entries that end or checkpoint keys are bounded in number and not in bytes: a thousand names of 4 KiB are 4 MiB",
            In = "Batch.IsFull",
            Original = "Leases.Count + Keys.Count >= max || _bytes >= MaxEntryBytes",
            Broken = "Leases.Count + Keys.Count >= max",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "checkpoint-every-minute",
            Failures = [48],
            Wrong = "a silent lease is checkpointed every minute: a key of a day costs 1 440 entries",
            In = "SilenceClock.NextCheckpoint",
            Original = "Math.Min(Interval(deadline - _storedAt, ttlTicks), Math.Max(Second, atFirst))",
            Broken = "Math.Max(Second, ShortestSilence(ttlTicks))",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "first-checkpoint-after-ten-minutes",
            Failures = [47],
            Wrong = "a leader of less than ten minutes checkpoints nothing that is silent for hours: with such leaders it lives for ever",
            In = "SilenceClock.NextCheckpoint",
            Original = "_silentSince + Math.Max(ShortestSilence(ttlTicks), _gap + (_gap / 2))",
            Broken = "_silentSince + Math.Max(Interval(deadline - _silentSince, ttlTicks), _gap + (_gap / 2))",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "checkpoints-share-nothing",
            Failures = [48],
            Wrong = "leases that began at different moments are checkpointed at different moments, each with an entry of its own",
            In = "SilenceClock.NextCheckpoint",
            Original = "next - (next % Grain(interval))",
            Broken = "next",
            Suites = [Suite.Store],
        },
    ];
}
