namespace Raftd.Mutations.Table;

/// <summary>Room: the quota, history, alarms, and entries that delete much.</summary>
internal static class SpaceMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "history-stays-at-any-weight",
            Failures = [79],
            Wrong = "10 000 revisions stay although they fill the quota: 17 puts of 1 MB to one key fill 16 MiB for good",
            In = "CompactionPolicy.ForRoom",
            Original = "return «isTooMuch && view.CompactRevision < view.Revision» ?",
            Broken = "isTooMuch && view.Revision - view.CompactRevision > KeptRevisions",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "under-way-not-counted",
            Failures = [79],
            Wrong = "the quota is asked of what is applied: all that is under way is let in beside it",
            In = "QuotaGate.Judge",
            Original = "«view.LogicalBytes + _underWayBytes + proposal.GrowthBytes» <= quotaBytes",
            Broken = "view.LogicalBytes + proposal.GrowthBytes",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "write-refused-for-history",
            Failures = [79],
            Wrong = "a write that only history stands in the way of is refused instead of compacting",
            In = "QuotaGate.Judge",
            Original = "«LiveBytes(view)» + LiveGrowth.Of(view, proposal.Command) > quotaBytes",
            Broken = "view.LogicalBytes",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "overwrite-counts-twice",
            Failures = [79],
            Wrong = "a value that replaces one of its size is refused, as if both stayed",
            In = "PutCommand.LiveGrowth(4)",
            Original = "maxGrowth - (keys.FindLive(key)?.LogicalBytes ?? 0)",
            Broken = "maxGrowth",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "waits-for-tombstones-of-now",
            Failures = [79, 80],
            Wrong = "a write waits for a compaction of tombstones that only a later revision lets go: nothing is ever written again",
            In = "QuotaGate.Judge",
            Original = "view.HistoryBytes > 0 && «view.CompactRevision < view.Revision»",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "quota-alarm-refuses-what-fits",
            Failures = [79],
            Wrong = "while the quota's alarm stands every write is refused, however small",
            In = "Alarm.RefusesWrites",
            Original = "Kind == AlarmKind.NoSpace && «Cause is AlarmCause.Disk or AlarmCause.Operator»",
            Broken = "true",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "leader-clears-operators-alarm",
            Failures = [79],
            Wrong = "an alarm that an operator raised is cleared by the leader, which sees no reason for it",
            In = "SpaceAlarms.Next",
            Original = "_ => «alarm.MemberId != 0 && members.Find(alarm.MemberId) is null»",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "dead-members-disk-is-full",
            Failures = [79],
            Wrong = "a member that died with a full disk keeps all others from writing",
            In = "PeerReports.Find",
            Original = "«time.GetElapsedTime(known.At) < Freshness» ? known.Report",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "deletion-in-one-step",
            Failures = [48, 80],
            Wrong = "a deletion of a million keys is one step of the applier, which does nothing else for seconds",
            In = "CommandExecutor.Apply",
            Original = "deletion.CountDeleted(state) > sliceKeys",
            Broken = "deletion.CountDeleted(state) > long.MaxValue - 1",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "half-a-deletion-frozen",
            Failures = [32, 80],
            Wrong = "the state is flushed in the middle of a long entry, at the index before it: after a crash it is deleted twice",
            In = "StateMachine.TryFreeze",
            Original = "halves.Frozen is not null || «state.Executor.UnfinishedEntry is not null»",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "each-slice-a-revision",
            Failures = [55],
            Wrong = "a range that is deleted in slices gets a revision for each: readers and watchers see halves of it",
            In = "DeleteRangeCommand.Delete",
            Original = "from = doomed[^1].Key;",
            Broken = "from = doomed[^1].Key; state.Keyspace.Close();",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "changes-lost-in-silence",
            Failures = [51],
            Wrong = "a change that the store has lost is passed over: a watcher that was behind never sees it",
            In = "ChangeReader.RequireNoGap",
            Original = "!follows && revision.Main > floor + 1",
            Broken = "!follows && revision.Main > long.MaxValue - 1",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "changes-ahead-of-the-view",
            Failures = [54],
            Wrong = "changes are answered that no read on this member shows yet",
            In = "ChangeReader.TryAdd",
            Original = "_next is not null || change.Revision.Main > through",
            Broken = "_next is not null",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "changes-without-a-bound",
            Failures = [56],
            Wrong = "a watcher that is far behind gets all that it missed in one answer",
            In = "ChangeReader.TryAdd",
            Original = "_bytes + change.LogicalBytes > maxBytes",
            Broken = "_bytes > long.MaxValue - 1",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "changes-twice-around-a-flush",
            Failures = [52],
            Wrong = "what is being flushed is read from the store and from memory",
            In = "ChangeReader.ReadStored",
            Original = "revision.CompareTo(end) >= 0",
            Broken = "revision.Main > long.MaxValue - 1",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "wait-for-a-deletion-that-was-compacted",
            Failures = [57],
            Wrong = "a wait for a key whose deletion was compacted lasts until its time is up",
            In = "StateView.HasChangedSince",
            Original = ": «afterRevision > 0 && afterRevision < CompactRevision - 1»;",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "applier-waits-for-readers",
            Failures = [41, 87],
            Wrong = "the applier waits 10 s for readers of the state that a snapshot replaces",
            In = "LmdbBucketStore.TryClose",
            Original = "_readers.TryHold()",
            Broken = "_readers.TryDrain(_options.ReaderPatience)",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "damage-met-by-a-list-goes-on",
            Failures = [37],
            Wrong = "damage that a list meets is answered as an error, and the member goes on",
            In = "KeyReader.NotReady",
            Original = "epoch.Damaged(damage);",
            Broken = "",
            Suites = [Suite.Store],
        },
    ];
}
