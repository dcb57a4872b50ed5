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
            In = "BatchRows.TryLook",
            Original = "!isLast(moment.Last)",
            Broken = "false",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-answers-from-memory",
            Failures = [58],
            Wrong = "a write that changes nothing is answered from what a front knew, and not from a look that began behind it",
            In = "CommitLoop.Evaluate",
            Original = "!rows.HasLooked && !rows.TryLook([])",
            Broken = "false",
            Suites = [Suite.Sql, Suite.Fronts],
        },
        new()
        {
            Name = "front-knows-what-was",
            Failures = [58],
            Wrong = "keys that a front knows do not follow the rows of others",
            In = "CommitLoop.Show",
            Original = "_known.Follow(changes.Keys);",
            Broken = "{ }",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-knows-keys-beyond-a-gap",
            Failures = [58],
            Wrong = "rows whose changes were too many to be read leave the keys that a front knows as they were",
            In = "CommitLoop.BeginAnew",
            Original = "_known.Forget();",
            Broken = "{ }",
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
            In = "FrontState.Behind",
            Original = "changes.AddRange(deltas.Changes);",
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
        new()
        {
            Name = "front-sweeps-not-the-border",
            Failures = [80],
            Wrong = "what the compaction before had to keep of its own revision is never deleted",
            In = "BucketUpkeep.Sweep",
            Original = "board.Swept.Revision - 1",
            Broken = "board.Swept.Revision",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-deletes-a-set-among-others",
            Failures = [],
            Wrong = "a deletion of very many keys behind other writes of its batch is done key by key, and all of them in memory",
            In = "BatchEvaluator.MustWait",
            Original = "_commands > 0 && deleted is { } range && _sets.TakesOver(_keyspace, range)",
            Broken = "false",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-deletes-a-set-without-its-leases",
            Failures = [],
            Wrong = "keys that the database deletes as a set stay attached to their leases",
            In = "BatchEvaluator.End",
            Original = "HasLeases = «_leases.Steps.Count > 0»",
            Broken = "false",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-detaches-no-set",
            Failures = [],
            Wrong = "other fronts keep the keys of a set in their leases, and revoke them once more",
            In = "LeaseStep.ApplyTo",
            Original = "table.DetachAll(Range!.Value, changes);",
            Broken = "",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-tells-watches-no-set",
            Failures = [51],
            Wrong = "watches are told that a deletion as a set has changed nothing",
            In = "CommitLoop.Committed",
            Original = "hasAllKeys: «pending.Evaluation.Batch.Deletion is null»",
            Broken = "true",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-holds-up-all-writers",
            Failures = [],
            Wrong = "a deletion as a set goes on when its request has ended, and all writers wait",
            In = "RangeDeletion.RequireTime",
            Original = "IsLate()",
            Broken = "false",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-counts-half-of-a-set",
            Failures = [79],
            Wrong = "what a deletion as a set leaves behind is not counted as history, and the quota fills for ever",
            In = "BatchKeyspace.DeleteAll",
            Original = "tombstones + tombstones + valueBytes",
            Broken = "tombstones + valueBytes",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-puts-any-key",
            Failures = [43],
            Wrong = "a keepalive whose key no index holds fails in the database, again and again, with all writes of its batch (docs/bugs.md)",
            In = "BatchKeyspace.Put",
            Original = "key.Length > SqlLimits.MaxKeyBytes",
            Broken = "false",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "limits-of-keys-not-asked",
            Failures = [61],
            Wrong = "what speaks etcd's protocol lets every key through to the engine, whatever that announces",
            In = "KeyRequests.CheckLimits",
            Original = "limits.RequireKey(request.Key.Length);",
            Broken = "",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "front-watches-from-before-what-was-read",
            Failures = [],
            Wrong = "a watch from now on at a front begins where the front has got to, which may be before what its client has read there",
            In = "WatchHub.MustWait",
            Original = "create.Floor > revision",
            Broken = "false",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-does-again-what-it-sent",
            Failures = [67],
            Wrong = "a front commits a write itself whose way to the leader broke after it was sent: it may be done twice",
            In = "LeaderLink.End",
            Original = "foreach (var request in sent) { «Lose(request, $\"the connection to the leader {Leader} was lost before it answered\");» }",
            Broken = "_router.ComeBack(request, reason);",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-proposes-and-says-that-it-did-not",
            Failures = [67],
            Wrong = "a front that does not lead any more tells another one to commit a write itself, and commits it as well",
            In = "LeaderProposer.Propose",
            Original = "ended(new ProposalOutcome(ProposalEnd.NotProposed)); «return;»",
            Broken = "",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "front-waits-for-a-stream-that-is-not-open",
            Failures = [68],
            Wrong = "a write waits for the connection to a leader that does not answer, where it could be committed at once",
            In = "LeaderRouter.Route",
            Original = "!link.IsOpen && MayProposeHere(request)",
            Broken = "false",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-looks-up-each-leased-key",
            Failures = [],
            Wrong = "a list of leases' keys looks up each value by itself",
            In = "LeasedKeyListing.ReadAsync",
            Original = "matches.Items.Chunk(LookedUpTogether)",
            Broken = "matches.Items.Chunk(1)",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-reads-all-versions-of-a-key",
            Failures = [],
            Wrong = "a read of one key as of a revision reads all versions that the key had until then",
            In = "RowReader.LivedThen",
            Original = "range.IsOneKey ? VersionThen(range.Low, at) : VersionsThen(range, at)",
            Broken = "VersionsThen(range, at)",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-trusts-a-silent-leader",
            Failures = [68],
            Wrong = "a leader that stands still, whose connections stay open, is sent all writes until another one leads",
            In = "HintLink.IsHeardWithin",
            Original = "time.GetElapsedTime(heardAt) < silence",
            Broken = "true",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-believes-hints",
            Failures = [],
            Wrong = "a hint of a row that is not there keeps a front looking for it",
            In = "CommitLoop.TakeIn",
            Original = "Volatile.Write(ref _hinted, 0);",
            Broken = "",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-ignores-hints",
            Failures = [],
            Wrong = "rows of the leader are found by the rare looks without hints alone",
            In = "HintLink.Receive",
            Original = "hinted((long)PeerFrame.ReadNumber(kind, payload));",
            Broken = "_ = PeerFrame.ReadNumber(kind, payload);",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-without-its-history-leads-on",
            Failures = [53],
            Wrong = "a leader that has lost history takes the writes of others, and refuses them",
            In = "FrontBoard.IsLedBy",
            Original = "_fence is null && _state.Last.Leader == self",
            Broken = "_state.Last.Leader == self",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-lets-in-another-database",
            Failures = [],
            Wrong = "a front of another database, at an address that was used before, writes into this one",
            In = "PeerIdentity.Refusal",
            Original = "caller.ClusterId != ClusterId",
            Broken = "false",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-renews-by-a-row",
            Failures = [],
            Wrong = "each renewal at a front that does not lead writes a row, although the leader is there",
            In = "SqlService.RenewAtLeaderAsync",
            Original = "!_peers.IsLeaderHeard",
            Broken = "true",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-refuses-none-alone",
            Failures = [],
            Wrong = "a batch that the database refuses for the fault of one command is sent again as it was, until all have run out of time",
            In = "CommitLoop.PutBack(2)",
            Original = "failure.Fault != DatabaseFault.Wrong || _board.Fence is not null",
            Broken = "true",
            Suites = [Suite.Postgres],
        },
        new()
        {
            Name = "front-lists-members-of-before",
            Failures = [],
            Wrong = "a list of the members lacks a front that has come since the last look at them",
            In = "SqlService.MembersAsync",
            Original = "_upkeep.ListOf(fronts)",
            Broken = "_upkeep.ListOf(_upkeep.Fronts)",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "front-serves-unseen",
            Failures = [],
            Wrong = "a front serves before the others can know of it",
            In = "SqlFront.StartAsync",
            Original = "await upkeep.Begun.WaitAsync(cancellationToken);",
            Broken = "",
            Suites = [Suite.Sql],
        },
    ];
}
