namespace Raftd.Mutations.Table;

/// <summary>Terms, votes and campaigns.</summary>
internal static class ElectionMutations
{
    private const string Send = "(isPromise || Term != _durableTerm ? _messagesAfterDurable : _messages).Add(message);";
    private const string IsPromotable = "IsVoter || (ConfigurationIndex > Commit && _history.Previous.IsVoter(Id))";

    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "vote-sent-before-durable",
            Failures = [1],
            Wrong = "a vote leaves before it is on the disk: after a crash the member votes a second time (canonical/raft #196)",
            In = "RaftNode.Send",
            Original = Send,
            Broken = """
                (message.Kind != MessageKind.MsgVoteResp && (isPromise || Term != _durableTerm)
                    ? _messagesAfterDurable : _messages).Add(message);
                """,
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "append-acknowledged-before-durable",
            Failures = [2],
            Wrong = "a follower acknowledges entries that are only in its memory (ZOOKEEPER-3911, -4643)",
            In = "RaftNode.Send",
            Original = Send,
            Broken = """
                (message.Kind != MessageKind.MsgAppResp && (isPromise || Term != _durableTerm)
                    ? _messagesAfterDurable : _messages).Add(message);
                """,
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "vote-forgotten-at-restart",
            Failures = [1],
            Wrong = "term and vote are written, but the vote is not read back",
            In = "RaftNode.RaftNode",
            Original = "Vote = boot.HardState.Vote;",
            Broken = "Vote = NodeId.None;",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "vote-forgotten-behind-snapshot",
            Failures = [1, 21],
            Wrong = "the log that begins anew behind a snapshot does not have the vote: a crash before the next commit, and the member votes twice",
            In = "LogWriter.TryReset",
            Original = "_log.Reset(install.Snapshot.Index, install.Snapshot.Term, state with { Commit = install.Snapshot.Index });",
            Broken = "_log.Reset(install.Snapshot.Index, install.Snapshot.Term, state with { Commit = install.Snapshot.Index, Vote = 0 });",
            Suites = [Suite.Simulator],
        },
        new()
        {
            Name = "vote-not-synced",
            Failures = [1],
            Wrong = "only entries make the log sync; a vote waits in the page cache",
            In = "LogWriter.Append",
            Original = "_mustSync |= work.MustSync;",
            Broken = "_mustSync |= work.Entries.Count > 0;",
            Suites = [Suite.Simulator, Suite.Node],
        },
        new()
        {
            Name = "pre-vote-resets-vote",
            Failures = [1],
            Wrong = "asking for pre-votes forgets the vote given in this term (canonical/raft #196)",
            In = "RaftNode.BecomePreCandidate",
            Original = "Role = RaftRole.PreCandidate;",
            Broken = "Role = RaftRole.PreCandidate; Vote = NodeId.None;",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "pre-vote-counts-as-vote",
            Failures = [1],
            Wrong = "the late answer to a pre-vote counts as a vote of the election behind it (canonical/raft #196, openraft #1220)",
            In = "RaftNode.HandleVoteResponse",
            Original = "Role == RaftRole.PreCandidate && m.Term == (m.Reject ? Term : Term + 1)",
            Broken = """
                (Role == RaftRole.PreCandidate && m.Term == (m.Reject ? Term : Term + 1))
                    || (Role == RaftRole.Candidate && m.Term == Term)
                """,
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "second-vote-in-term",
            Failures = [1, 24],
            Wrong = "a member votes for each that asks as long as it knows no leader (camunda #1068)",
            In = "RaftNode.FindRefusal",
            Original = "Leader.IsNone && (Vote.IsNone || Vote == m.From)",
            Broken = "Leader.IsNone",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "vote-for-shorter-log",
            Failures = [3],
            Wrong = "a voter does not compare logs, and elects a leader that lacks what is committed",
            In = "RaftNode.FindRefusal",
            Original = "new EntryId(m.LogTerm, m.Index).IsAtLeast(_log.Last)",
            Broken = "true",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "vote-compares-length-only",
            Failures = [3],
            Wrong = "a voter compares the lengths of the logs and not the terms of their last entries",
            In = "RaftNode.FindRefusal",
            Original = "new EntryId(m.LogTerm, m.Index).IsAtLeast(_log.Last)",
            Broken = "m.Index >= LastIndex",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "no-pre-vote",
            Failures = [8],
            Wrong = "a member that was cut off comes back with a term of its own making and unseats the leader (hashicorp/raft #474)",
            In = "RaftNode.StartCampaign",
            Original = "_campaign = kind;",
            Broken = "_campaign = kind = kind == CampaignKind.PreElection ? CampaignKind.Election : kind;",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "disturbed-while-leader-alive",
            Failures = [8, 15],
            Wrong = "votes are given although a leader was just heard: a removed member unseats it (hashicorp/raft #525)",
            In = "RaftNode.MaybeAdoptTerm",
            Original = "!m.Force && IsLeaderAlive",
            Broken = "false",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "silence-towards-old-terms",
            Failures = [9],
            Wrong = "a leader of an old term is not told of the new one: a member with a higher term is stuck (canonical/raft #279)",
            In = "RaftNode.StepOldTerm",
            Original = """
                Send(new Message { Kind = MessageKind.MsgAppResp, To = m.From, From = Id, Term = Term, Nonce = _nonce, Recovering = _recovering });
                """,
            Broken = "",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "leader-ignores-higher-term",
            Failures = [9, 24],
            Wrong = "a leader that hears of a later term stays what it is",
            In = "RaftNode.MaybeAdoptTerm",
            Original = "BecomeFollower(m.Term, isFromLeader ? m.From : NodeId.None);",
            Broken = """
                if (Role == RaftRole.Leader)
                {
                    return false;
                }

                BecomeFollower(m.Term, isFromLeader ? m.From : NodeId.None);
                """,
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "stale-append-accepted",
            Failures = [24],
            Wrong = "appends of a deposed leader are taken in",
            In = "RaftNode.Step",
            Original = "m.Term < Term",
            Broken = "m.Term < Term && m.Kind != MessageKind.MsgApp",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "stale-acknowledgement-counted",
            Failures = [24],
            Wrong = "an acknowledgement of an earlier term counts for entries of this one (nebula PR 2419)",
            In = "RaftNode.Step",
            Original = "m.Term < Term",
            Broken = "m.Term < Term && m.Kind != MessageKind.MsgAppResp",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "isolated-leader-never-steps-down",
            Failures = [10],
            Wrong = "no quorum check: a leader that no member hears keeps its clients waiting",
            In = "RaftNode.TickLeader",
            Original = "!CheckQuorum()",
            Broken = "false",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "stalled-disk-unnoticed",
            Failures = [11],
            Wrong = "a leader whose disk hangs keeps sending heartbeats and commits nothing (hashicorp/raft #503)",
            In = "RaftNode.IsDiskStalled",
            Original = "_writes.OldestAgeTicks(_now) > (ulong)_options.ElectionTimeoutTicks",
            Broken = "false",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "torn-voter-counted",
            Failures = [27],
            Wrong = "the vote of a member that lost the tail of its log counts like any other",
            In = "VoteTally.Result",
            Original = "ballot.Granted && !ballot.Recovering ? 1 : 0",
            Broken = "ballot.Granted ? 1 : 0",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "removed-leader-blocks-elections",
            Failures = [],
            Wrong = "a leader whose own removal is not committed may not stand again, and the others elect none (docs/bugs.md)",
            In = "RaftNode.IsPromotable",
            Original = IsPromotable,
            Broken = "IsVoter",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "learner-campaigns",
            Failures = [16],
            Wrong = "a learner stands for election",
            In = "RaftNode.IsPromotable",
            Original = IsPromotable,
            Broken = "true",
            Suites = [Suite.Simulator, Suite.Raft],
        },
    ];
}
