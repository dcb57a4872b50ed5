namespace Raftd.Mutations.Table;

/// <summary>What kept a member from going on although nothing was wrong with it, or let one go on with which all was wrong.</summary>
internal static class EnduranceMutations
{
    private const string HeartbeatAnswer = """
        Send(new Message
        {
            Kind = MessageKind.MsgHeartbeatResp,
            To = m.From,
            From = Id,
            Term = Term,
            ReadId = m.ReadId,
            Index = m.Index,
            AnsweredNonce = m.Nonce,
            Nonce = _nonce,
            Recovering = _recovering,
        });
        """;

    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "fenced-member-answers-stale-reads",
            Failures = [37],
            Wrong = "a member whose state contradicts the majority's still serves level=stale",
            In = "NodeService.BarrierAsync",
            Original = "RequireUnfenced();",
            Broken = """
                if (level != ReadLevel.Stale)
                {
                    RequireUnfenced();
                }
                """,
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "fence-forgotten-at-restart",
            Failures = [37],
            Wrong = "a restart lifts the fence: the member answers, and votes, until its hashes are compared again",
            In = "Replica.Replica",
            Original = "_fencedBecause = self.FencedBecause;",
            Broken = "_fencedBecause = null;",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "learners-fence-voters",
            Failures = [16, 37],
            Wrong = "learners that differ count towards the majority against a voter: two bad copies take a sound one down",
            In = "DivergenceWatch.FindMajority",
            Original = "configuration.IsVoter(new NodeId(verdict.Peer))",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "reads-given-up-are-kept",
            Failures = [23],
            Wrong = "the core keeps each read that was given up: under a silent quorum it grows for as long as that lasts",
            In = "RaftNode.ForgetReads",
            Original = "_waitingReads.Forget(contexts);",
            Broken = "",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "silent-askers-are-kept",
            Failures = [23],
            Wrong = "a leader keeps the forwarded reads of members that have long given them up",
            In = "ReadRequests.ForgetSilent",
            Original = "_forwarded.Remove(batch);",
            Broken = "",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "commit-scans-what-is-outstanding",
            Failures = [68],
            Wrong = "each commit looks at all that a deposed leader had outstanding: after an election apply crawls",
            In = "ProposalLedger.TakeCommitted(1)",
            Original = "found = TakeCommitted(proposals, entry) ?? found;",
            Broken = "found = proposals.Any(static each => each.Index == 0) ? found : TakeCommitted(proposals, entry) ?? found;",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "founder-waits-for-its-own-clock-alone",
            Failures = [15],
            Wrong = "a founder with a short election timeout founds a second cluster before its old peers have called again",
            In = "Founding.Wait",
            Original = "Math.Max((electionTimeout * WaitInElectionTimeouts).Ticks, PeerReconnect.Bound.Ticks)",
            Broken = "(electionTimeout * WaitInElectionTimeouts).Ticks",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "founder-hears-no-peer",
            Failures = [15],
            Wrong = "a founder whose directory was emptied founds a second cluster beside its peers, which call it",
            In = "Founding.Knock",
            Original = "_called.TrySetResult(handshake);",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Node],
        },
        new()
        {
            Name = "deposed-leader-keeps-membership-requests",
            Failures = [],
            Wrong = "requests behind a change that is under way wait for their deadline at a leader that was deposed",
            In = "MembershipQueue.MayDecide",
            Original = "_current is null || !replica.IsLeading",
            Broken = "_current is null",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "stale-entries-sent",
            Failures = [18, 24],
            Wrong = "entries read for a peer are sent although the log has others there by now",
            In = "RaftNode.IsOfThisLog",
            Original = "entries.Count > 0 && _log.Matches(entries[^1].Id)",
            Broken = "entries.Count > 0",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "entries-for-a-peer-that-went-on",
            Failures = [22],
            Wrong = "entries read for a peer are sent although others come next for it by now",
            In = "RaftNode.EntriesRead",
            Original = "peer.Next == wanted.Low && !peer.IsPaused",
            Broken = "!peer.IsPaused",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "entries-wanted-without-bound",
            Failures = [23],
            Wrong = "a peer that comes and goes before a log that does not answer is asked for again and again",
            In = "RaftNode.MaybeWantEntries",
            Original = "peer.WantedIndex == 0",
            Broken = "peer.WantedIndex == 0 || peer.State == ProgressState.Replicate",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "replica-reads-for-laggards",
            Failures = [11],
            Wrong = "the thread that makes heartbeats reads the log for a follower that lags, from a disk that may hang",
            In = "RaftNode.SliceFor",
            Original = "low < _log.FirstInMemory",
            Broken = "low < _log.FirstIndex",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "starved-pool-unanswered",
            Failures = [87],
            Wrong = "all threads of the pool are blocked, and the member waits half a second for each new one",
            In = "PoolGuard.Apply",
            Original = "pool.MinThreads = _ownMinThreads + _extra;",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "promotion-waits-for-a-still-moment",
            Failures = [16],
            Wrong = "a learner must have all that is committed at one instant: under writes it is never promoted",
            In = "LearnerProgress.HasCaughtUp",
            Original = "IsActive && (Match >= Commit || KeepsUp)",
            Broken = "IsActive && Match >= Commit",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "slow-rounds-count",
            Failures = [16],
            Wrong = "a learner that takes longer than an election timeout for what came meanwhile becomes a voter",
            In = "Progress.TickRound",
            Original = "KeepsUp = isQuick;",
            Broken = "KeepsUp = true;",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "generator-out-of-range-joins",
            Failures = [69],
            Wrong = "a join through the peer port takes any generator number, and the member that gets it cannot start",
            In = "MemberTable.ChooseGenerator",
            Original = "asked is { } given && !Bounds.Generator.Holds(given)",
            Broken = "asked is < 0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "probe-unanswered",
            Failures = [22],
            Wrong = "a probe without entries asks for no answer: the leader never learns where the peer stands",
            In = "Progress.IsSettled",
            Original = "State == ProgressState.Replicate && Match + 1 == Next",
            Broken = "Match + 1 == Next",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "heartbeat-unanswered",
            Failures = [10, 22],
            Wrong = "a heartbeat that belongs to no read round is not answered: a leader at rest steps down",
            In = "RaftNode.HandleHeartbeat",
            Original = HeartbeatAnswer,
            Broken = $$"""
                if (m.ReadId != 0)
                {
                    {{HeartbeatAnswer}}
                }
                """,
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "read-round-unanswered",
            Failures = [4, 22],
            Wrong = "a heartbeat that belongs to a read round is not answered: no read is confirmed",
            In = "RaftNode.HandleHeartbeat",
            Original = HeartbeatAnswer,
            Broken = $$"""
                if (m.ReadId == 0)
                {
                    {{HeartbeatAnswer}}
                }
                """,
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "refusal-unanswered",
            Failures = [22],
            Wrong = "an append without entries that does not fit is not refused: the leader never finds where the logs part",
            In = "RaftNode.HandleAppend",
            Original = "RejectAppend(m);",
            Broken = """
                if (m.Entries.Count > 0)
                {
                    RejectAppend(m);
                }
                """,
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "first-message-of-a-connection-unanswered",
            Failures = [22],
            Wrong = "after a connection broke the leader goes on as if nothing had been lost on it, and asks for no answer",
            In = "RaftNode.ReportUnreachable",
            Original = "peer.BecomeProbe();",
            Broken = "",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "commit-news-never-alone",
            Failures = [22],
            Wrong = "a commit is told with the next entries and never alone: the last write of many is seen by no other member",
            In = "Replica.TellCommits",
            Original = "_raft.FlushCommitNews();",
            Broken = "",
            Suites = [Suite.Node],
        },
    ];
}
