namespace Raftd.Mutations.Table;

/// <summary>Fronts over a database: batches in doubt, races, who leads, history that is lost.</summary>
internal static class FrontMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "front-takes-any-row-for-its-own",
            Failures = [67],
            Wrong = "a front whose commit was refused takes the row that is there for its own",
            In = "CommitLoop.Lost",
            Original = "row.Front == own.Front && row.Nonce == own.Nonce",
            Broken = "true",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-answers-before-commit",
            Failures = [67],
            Wrong = "clients have their answers before their batch is committed",
            In = "CommitLoop.CommitSome",
            Original = "«_pending = pending;» Commit(session, pending);",
            Broken = "_pending = pending; pending.Proposals.ForEach(EndApplied);",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-takes-doubt-for-refusal",
            Failures = [67],
            Wrong = "a commit whose answer was lost counts as not done, and its commands are done again",
            In = "CommitLoop.CommitSome",
            Original = "failure.Fault != DatabaseFault.Unknown",
            Broken = "true",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-evaluates-behind-unknown-rows",
            Failures = [58],
            Wrong = "a batch is evaluated on a moment that has rows which this front has not taken in",
            In = "CommitLoop.Evaluate",
            Original = "!IsLast(snapshot.Last)",
            Broken = "false",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-compares-no-chain",
            Failures = [53],
            Wrong = "a front goes on upon a database that has lost rows which it knew, once it has as many again",
            In = "CommitLoop.RequireSame",
            Original = "row.Chain != _state.Last.Chain",
            Broken = "false",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-takes-over-in-the-same-epoch",
            Failures = [45],
            Wrong = "a new leader writes its row in the epoch of the one before it, whose expiries then still count",
            In = "CommitLoop.Evaluate",
            Original = "_state.Last.Epoch + (appointment is null ? 0UL : 1)",
            Broken = "_state.Last.Epoch",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-renews-without-a-look-at-the-log",
            Failures = [46],
            Wrong = "a front that was deposed without knowing acknowledges renewals (#13932)",
            In = "LeaderBarrier.LeadershipBarrierAsync",
            Original = "await reads.ReadAsync([], static snapshot => snapshot.Last, CancellationToken.None)",
            Broken = "board.State.Last",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-skips-a-row",
            Failures = [51],
            Wrong = "of the rows of other fronts the first is left out",
            In = "CommitLoop.TakeIn",
            Original = "foreach (var row in «rows.Skip(1)»)",
            Broken = "rows.Skip(2)",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-does-not-tell-the-lessor-of-rows",
            Failures = [46],
            Wrong = "the leader keeps no time of leases that were granted through other fronts",
            In = "CommitLoop.TakeIn",
            Original = "leases.AddRange(deltas.Changes);",
            Broken = "",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-tells-no-gap",
            Failures = [51],
            Wrong = "changes that were too many to be told, or compacted meanwhile, count as told",
            In = "CommitLoop.TakeIn",
            Original = "hasAllKeys: «keys is not null»",
            Broken = "true",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-tells-watches-before-it-shows",
            Failures = [52],
            Wrong = "a watch brings a change that a read of the same front does not have yet",
            In = "FrontBoard.Show",
            Original = "_state = state; foreach (var observer in _observers) { if (hasAllKeys || observer is Lessor) { "
                + "observer.OnPublished(changes); } else { observer.OnReplaced(); } }",
            Broken = "foreach (var observer in _observers) { if (hasAllKeys || observer is Lessor) { "
                + "observer.OnPublished(changes); } else { observer.OnReplaced(); } } _state = state;",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-never-takes-over",
            Failures = [68],
            Wrong = "a leader that is silent stays the leader, and no lease ends any more",
            In = "UpkeepLoop.SilenceOf",
            Original = "silence >= options.LeaderSilence ? silence : null",
            Broken = "null",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-sweeps-by-lost-history",
            Failures = [],
            Wrong = "a front sweeps a database that has gone back by a compaction that is gone (docs/bugs.md)",
            In = "BucketUpkeep.Sweep",
            Original = "IsKnown(session)",
            Broken = "true",
            Suites = [Suite.Fronts],
        },
    ];
}
