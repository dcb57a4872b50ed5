namespace Raftd.Mutations.Table;

/// <summary>When a leader takes an entry for committed, and what its clients are told.</summary>
internal static class CommitMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "old-term-committed-by-count",
            Failures = [3],
            Wrong = "an entry of an earlier term is committed once a majority has it (Raft paper, Figure 8; microsoft/CCF #5674)",
            In = "RaftNode.MaybeCommit",
            Original = "index <= Commit || index < _firstIndexOfTerm",
            Broken = "index <= Commit",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "leader-counts-itself-before-durable",
            Failures = [2],
            Wrong = "the leader counts entries that its own disk does not have yet (#14370)",
            In = "RaftNode.QuorumIndex",
            Original = "matches[i] = _log.Stable;",
            Broken = "matches[i] = LastIndex;",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "half-is-a-majority",
            Failures = [14],
            Wrong = "of an even number of voters, half are taken for a majority",
            In = "Quorum.Of",
            Original = "(voters / 2) + 1",
            Broken = "(voters + 1) / 2",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "recovering-peer-counted",
            Failures = [27],
            Wrong = "what a member acknowledges that lost its tail counts for a commit",
            In = "RaftNode.QuorumIndex",
            Original = "FindPeer(voters[i]) is { Recovering: false } peer ? peer.Match : 0",
            Broken = "FindPeer(voters[i])?.Match ?? 0",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "match-kept-of-recovering-peer",
            Failures = [15, 27],
            Wrong = "a member comes back without its tail, and the leader believes what it acknowledged before (#17813)",
            In = "Progress.BeginRecovery",
            Original = "Match = 0;",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "second-loss-unnoticed",
            Failures = [15, 27],
            Wrong = "a member that loses its tail again while it recovers is taken for the same start of it",
            In = "RaftNode.MaybeTrust",
            Original = "!peer.Recovering || peer.RecoveryNonce != m.Nonce",
            Broken = "!peer.Recovering",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "lost-proposal-answered-as-done",
            Failures = [68],
            Wrong = "the proposer at an index gets the result of the entry there, be it of another leader",
            In = "ProposalLedger.TakeCommitted(2)",
            Original = "head.Index == entry.Index && head.Term == entry.Term",
            Broken = "head.Index == entry.Index",
            Suites = [Suite.Simulator, Suite.Node],
        },
        new()
        {
            Name = "former-proposal-answered-as-done",
            Failures = [68],
            Wrong = "the same for proposals of an earlier leadership (#20214)",
            In = "ProposalLedger.TakeCommitted(2)",
            Original = "head.Index == entry.Index && head.Term == entry.Term",
            Broken = "head.Index == entry.Index && head.Term <= entry.Term",
            Suites = [Suite.Simulator, Suite.Node],
        },
        new()
        {
            Name = "deposed-leader-says-not-done",
            Failures = [67, 68],
            Wrong = "a deposed leader answers that a proposal was not done, which a later one may still commit",
            In = "ProposalLedger.BeginTerm",
            Original = "_leaderships.Add(new Queue<Proposal>());",
            Broken = """
                foreach (var each in _leaderships[^1])
                {
                    each.End(ProposalEnd.NotProposed);
                }

                _leaderships[^1].Clear();
                """,
            Suites = [Suite.Simulator, Suite.Node],
        },
        new()
        {
            Name = "unknown-answered-as-not-done",
            Failures = [67],
            Wrong = "a request whose time is up is answered as not done, and is done later (jetcd 0.8.2 tried such again)",
            In = "ProposalLedger.EndWhile",
            Original = "head.End(ProposalEnd.Unknown);",
            Broken = "head.End(ProposalEnd.NotProposed);",
            Suites = [Suite.Simulator, Suite.Node],
        },
        new()
        {
            Name = "snapshot-answers-as-not-done",
            Failures = [67],
            Wrong = "proposals that a snapshot covers are answered as not done",
            In = "ProposalLedger.SkipTo",
            Original = "head.Index <= index",
            Broken = "head.Index <= index && (head.TrySetResult(new ProposalOutcome(ProposalEnd.NotProposed)) | true)",
            Suites = [Suite.Simulator, Suite.Node],
        },
        new()
        {
            Name = "append-for-each-command",
            Failures = [],
            Wrong = "commands that come while an append is under way cost an append each",
            In = "AppendPacer.Wanted",
            Original = "commit < _lastIndex ? int.MaxValue : Math.Max(0, _expected - gathered)",
            Broken = "0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "append-waits-for-silent-peers",
            Failures = [],
            Wrong = "commands wait for an append that the peers do not answer for longer than a slow network may cost",
            In = "AppendPacer.Durable",
            Original = "Until = Math.Min(Until, time.TimestampAfter(LongestForPeers));",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "append-waits-for-a-hung-disk",
            Failures = [],
            Wrong = "a leader whose disk hangs sends the others nothing more",
            In = "AppendPacer.Wanted",
            Original = "time.GetTimestamp() >= Until",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "append-makes-large-ones-wait",
            Failures = [],
            Wrong = "a large command waits for others, although it is worth an append of its own",
            In = "Replica.AcceptProposal",
            Original = "_pacer.End();",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "appends-take-turns",
            Failures = [],
            Wrong = "clients whose commands are committed find the next append gone, and write in two groups, in appends half as large",
            In = "AppendPacer.Wanted",
            Original = "(_underWay + gathered) * 3 / 4",
            Broken = "0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "lone-client-waits-for-itself",
            Failures = [],
            Wrong = "a client that writes alone waits for as many commands as were answered, which is one more than come",
            In = "AppendPacer.Wanted",
            Original = "(_underWay + gathered) * 3 / 4",
            Broken = "_underWay + gathered + 1",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "large-one-waits-for-the-answered",
            Failures = [],
            Wrong = "a large command that comes in the step of a commit waits for those whose commands are committed",
            In = "AppendPacer.End",
            Original = "_underWay = 0;",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "commit-leaves-ahead-of-its-append",
            Failures = [],
            Wrong = "a commit index leaves by itself although commands that wait behind it would carry it in time",
            In = "Replica.TellCommits",
            Original = "_wanted is > 0 and < int.MaxValue && _gathered.Count > 0",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "late-acknowledgement-calls",
            Failures = [],
            Wrong = "each acknowledgement wakes the leader, of what is committed already too",
            In = "Replica.IsNoNews",
            Original = "message.Index == _status.Commit",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "acknowledgement-calls-nobody",
            Failures = [],
            Wrong = "the acknowledgement that makes a commit waits until commands have gathered for long enough",
            In = "Replica.IsNoNews",
            Original = "message.Index == _status.Commit",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "enough-calls-nobody",
            Failures = [],
            Wrong = "the last of the commands that an append waits for calls nobody: the append waits out its time",
            In = "Mailbox.TryPost",
            Original = "_items.Count < _enough",
            Broken = "_enough > 0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "append-forgets-who-came-last",
            Failures = [],
            Wrong = "a command that comes in the step that ends the wait calls nobody, and is left until the next tick",
            In = "Replica.FollowGathering",
            Original = "return _inbox.Gather(wanted);",
            Broken = "return false;",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "stop-forgets-the-queue",
            Failures = [],
            Wrong = "a command that no step has taken waits for ever when its member stops",
            In = "Replica.EndWaiting",
            Original = "_inbox.Take(ref _batch);",
            Broken = "",
            Suites = [Suite.Node],
        },
    ];
}
