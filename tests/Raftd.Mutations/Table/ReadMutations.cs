namespace Raftd.Mutations.Table;

/// <summary>Linearizable reads.</summary>
internal static class ReadMutations
{
    private const string HasLease = "_options.LeaseReads && HasCommittedInTerm && !_transferAttempted && _now < _leaseUntilTick";

    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "read-before-commit-in-term",
            Failures = [4],
            Wrong = "a new leader answers reads from a commit index that may be behind (#7331, redisraft PR 22)",
            In = "RaftNode.FlushReads",
            Original = "while («_waitingReads.Count > 0 && _readRound is null && HasCommittedInTerm»)",
            Broken = "_waitingReads.Count > 0 && _readRound is null && Role == RaftRole.Leader",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "late-answer-confirms-newer-read",
            Failures = [5],
            Wrong = "the late answer to an old heartbeat confirms a read that began after it (#20418)",
            In = "RaftNode.AcknowledgeReadRound",
            Original = "round.Contains(readId)",
            Broken = "true",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "read-context-reused",
            Failures = [5],
            Wrong = "each round of reads has the same id (#20418, #21399)",
            In = "RaftNode.TakeReadId",
            Original = "_nextReadId++;",
            Broken = "_nextReadId = _options.ReadIdSeed;",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "read-ids-begin-anew-at-restart",
            Failures = [5],
            Wrong = "the ids of reads are those of the start before: an answer to it confirms a read of this one (#21375)",
            In = "RaftNode.RaftNode",
            Original = "_nextReadId = options.ReadIdSeed;",
            Broken = "_nextReadId = 0;",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "read-joins-running-round",
            Failures = [5],
            Wrong = "a read joins a round whose index was taken before the read began",
            In = "RaftNode.RequestRead",
            Original = "_waitingReads.Own.Add(context);",
            Broken = "(_readRound?.Requests ?? _waitingReads).Own.Add(context);",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "reads-without-confirmation",
            Failures = [6],
            Wrong = "a leader answers reads without asking whether it still is one (#741)",
            In = "RaftNode.HasLease",
            Original = HasLease,
            Broken = "HasCommittedInTerm",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "lease-survives-transfer",
            Failures = [6, 17],
            Wrong = "a leader that has told another to stand for election still trusts its read lease",
            In = "RaftNode.HasLease",
            Original = HasLease,
            Broken = "_options.LeaseReads && HasCommittedInTerm && _now < _leaseUntilTick",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "lease-longer-than-promise",
            Failures = [6],
            Wrong = "a read lease outlives what the followers promised: it fails with clocks that differ (dotNext 4.14.5)",
            In = "RaftNode.MaybeFinishReadRound",
            Original = "(ulong)_options.ElectionTimeoutTicks * 3 / 4",
            Broken = "(ulong)_options.ElectionTimeoutTicks * 2",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "promise-forgotten-at-restart",
            Failures = [6],
            Wrong = "a member that promised not to vote for a while restarts and votes at once",
            In = "RaftNode.IsLeaderAlive",
            Original = "_options.LeaseReads && _now < (ulong)_options.ElectionTimeoutTicks",
            Broken = "false",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "learner-confirms-reads",
            Failures = [16],
            Wrong = "a learner's answer counts towards the majority that confirms a read",
            In = "RaftNode.MaybeFinishReadRound",
            Original = "votes += Configuration.IsVoter(id) ? 1 : 0;",
            Broken = "votes++;",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "recovering-member-confirms-reads",
            Failures = [],
            Wrong = "a member that may have forgotten a vote confirms that the leader still leads (docs/bugs.md)",
            In = "RaftNode.HandleHeartbeatResponse",
            Original = "!m.Recovering",
            Broken = "true",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "read-before-apply",
            Failures = [7],
            Wrong = "a read is answered once it is confirmed, however little is applied by then (openraft #1246)",
            In = "ReadLedger.Confirmed",
            Original = "index <= applied",
            Broken = "true",
            Suites = [Suite.Simulator, Suite.Node],
        },
    ];
}
