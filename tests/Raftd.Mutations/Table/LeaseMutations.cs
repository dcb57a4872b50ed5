namespace Raftd.Mutations.Table;

/// <summary>Leases: who ends them, who renews them, and when.</summary>
internal static class LeaseMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "expiry-without-generation",
            Failures = [45],
            Wrong = "an expiry ends a lease that was renewed since it was proposed (#15247)",
            In = "LeaseExpireCommand.DueLease",
            Original = "is { } lease && «lease.Generation == due.Generation») { return lease;",
            Broken = "true",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "renewal-keeps-generation",
            Failures = [45],
            Wrong = "a renewal by entry does not void the expiry behind it",
            In = "LeaseKeepAliveCommand.Execute",
            Original = "Status = LeaseStatus.Alive, Generation = «lease.Generation + 1»",
            Broken = "lease.Generation",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "deposed-leader-expires-leases",
            Failures = [45],
            Wrong = "an expiry that a former leader proposed ends a lease that was renewed at the new one (#12528, #16822)",
            In = "LeaseExpireCommand.DueLease",
            Original = "«state.EntryTerm == Term» && state.Leases.Find(due.Id)",
            Broken = "true",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "renewal-without-barrier",
            Failures = [46],
            Wrong = "a leader acknowledges renewals without asking whether it still is one (#13932)",
            In = "Replica.LeadershipBarrierAsync",
            Original = "return _inbox.TryPost(new ReplicaInput.Read(barrier)) ? barrier.Task : Task.FromResult(false);",
            Broken = "return Task.FromResult(true);",
            Suites = [Suite.Leases],
        },
        new()
        {
            Name = "revoked-lease-renewed",
            Failures = [46],
            Wrong = "the renewal of a revoked lease is acknowledged (#20615)",
            In = "Lessor.ObserveRemoved",
            Original = "_timers.Remove(timer.Id);",
            Broken = "",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "renewal-passes-pending-expiry",
            Failures = [46],
            Wrong = "a renewal does not wait for the expiry that is proposed already",
            In = "Lessor.RenewLocked",
            Original = "timer.IsExpiryPending || key is { IsExpiryPending: true } || (fullKey is null && timer.PendingKeys > 0)",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "checkpointed-lease-renewed-in-memory",
            Failures = [47],
            Wrong = "a renewal leaves an old checkpoint standing: the next leader ends the lease early",
            In = "Lessor.RenewLocked",
            Original = "timer.Lease.Status == LeaseStatus.Create || timer.HasCheckpoint(key)",
            Broken = "timer.Lease.Status == LeaseStatus.Create",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "full-time-after-each-election",
            Failures = [47],
            Wrong = "each new leader gives each lease its full time (#9395, kubernetes #65497)",
            In = "Lessor.NewTimer",
            Original = "lease.HasCheckpoint ? lease.CheckpointMilliseconds * TimeSpan.TicksPerMillisecond : timer.FullTicks",
            Broken = "timer.FullTicks",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "full-time-for-keys-after-each-election",
            Failures = [47],
            Wrong = "the same for keys with a deadline of their own (docs/bugs.md)",
            In = "Lessor.LoadKey",
            Original = "left is null ? now + timer.TtlTicks : now + (left.Value * TimeSpan.TicksPerMillisecond)",
            Broken = "now + timer.TtlTicks",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "silence-not-queued-at-renewal",
            Failures = [47],
            Wrong = "a first renewal does not tell the queue of silences that a shorter time began (docs/bugs.md)",
            In = "Lessor.Renew",
            Original = "«_silences.SetNotLater(timer, timer.NextCheckpoint);»",
            Broken = "",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "unclaimed-grant-ends-early",
            Failures = [],
            Wrong = "a grant that was not used yet has no more than its time to live",
            In = "LeaseTimer.FullTicks",
            Original = "Math.Max(Lease.TtlSeconds, LeaseRules.MinUnclaimedSeconds)",
            Broken = "Lease.TtlSeconds",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "not-taken-in-answered-as-gone",
            Failures = [46],
            Wrong = "a new leader says of a lease that it has not come to yet that it is gone (#7029)",
            In = "Lessor.NotFoundOrNotLoaded",
            Original = "_loading is not null && id > _loadedThrough",
            Broken = "false",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "greatest-id-begins-anew",
            Failures = [49],
            Wrong = "a leader that has taken in the greatest lease id begins again (docs/bugs.md)",
            In = "Lessor.LoadNext",
            Original = "_loadedThrough == long.MaxValue",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "negative-lease-id",
            Failures = [34, 49],
            Wrong = "a lease with a negative id is granted (#14239)",
            In = "RefusalRules.RefuseGrant",
            Original = "id <= 0",
            Broken = "id == 0",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "time-to-live-overflows",
            Failures = [49],
            Wrong = "a time to live that no clock can count is granted (#9374)",
            In = "RefusalRules.RefuseGrant",
            Original = "ttlSeconds is < Bounds.MinLeaseTtlSeconds or > Bounds.MaxLeaseTtlSeconds",
            Broken = "ttlSeconds < 1",
            Suites = [Suite.Leases, Suite.Store],
        },
        new()
        {
            Name = "revoke-leaves-keys",
            Failures = [46],
            Wrong = "a lease ends and its keys stay, attached to nothing",
            In = "LeaseApplier.DeleteKeyOf",
            Original = "«leases.Detach(lease.Id, key); keyspace.Delete(live!);»",
            Broken = "",
            Suites = [Suite.Leases, Suite.Store],
        },
    ];
}
