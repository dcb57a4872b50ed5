namespace Raftd.Mutations.Table;

/// <summary>Configurations, learners, and leadership that is handed over.</summary>
internal static class MembershipMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "configuration-counts-at-apply",
            Failures = [13],
            Wrong = "a configuration is in force only once it is applied (#11284, #7625)",
            In = "ConfigurationHistory.InForce",
            Original = "_versions[^1].Configuration",
            Broken = "_versions[0].Configuration",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "configuration-not-rolled-back",
            Failures = [13],
            Wrong = "a configuration stays in force after its entry was overwritten (etcd-io/raft #80)",
            In = "RaftNode.Truncate",
            Original = "RollBackConfigurations(conflict.Index);",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "change-before-commit-in-term",
            Failures = [12],
            Wrong = "a leader changes members before it has committed in its term: disjoint majorities (raft-dev, 2015)",
            In = "RaftNode.CheckChange",
            Original = "!HasCommittedInTerm",
            Broken = "false",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "two-changes-at-once",
            Failures = [12, 13],
            Wrong = "the next change of members does not wait for the one before (etcd-io/raft #372)",
            In = "RaftNode.CheckChange",
            Original = "ConfigurationIndex > Commit",
            Broken = "false",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "two-voters-in-one-step",
            Failures = [14],
            Wrong = "two voters change in one step, without a joint configuration (#12136)",
            In = "RaftNode.CheckChange",
            Original = "next.VoterDifference(Configuration) <= 1",
            Broken = "true",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "learner-keeps-leader-alive",
            Failures = [16],
            Wrong = "a leader that hears only a learner thinks that it has a quorum",
            In = "RaftNode.CheckQuorum",
            Original = "peer is { RecentActive: true, IsLearner: false } ? 1 : 0",
            Broken = "peer.RecentActive ? 1 : 0",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "learner-promoted-while-behind",
            Failures = [16],
            Wrong = "a learner becomes a voter although it was never heard of (#15096)",
            In = "LearnerProgress.HasCaughtUp",
            Original = "IsActive && (Match >= Commit || KeepsUp)",
            Broken = "true",
            Suites = [Suite.Simulator, Suite.Node],
        },
        new()
        {
            Name = "removed-leader-stays",
            Failures = [15],
            Wrong = "a leader that removed itself goes on leading (#20995)",
            In = "RaftNode.MaybeCommit",
            Original = "StepDownIfRemoved();",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "transfer-takes-proposals",
            Failures = [17],
            Wrong = "a leader takes in proposals while it hands over: the target never has them all (redpanda #2606)",
            In = "RaftNode.Propose",
            Original = "!TransferTarget.IsNone",
            Broken = "false",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "transfer-to-lagging-target",
            Failures = [17],
            Wrong = "a member that lacks entries is told to stand for election (raft-rs #144)",
            In = "RaftNode.MaybeFinishTransfer",
            Original = "peer.Match == LastIndex",
            Broken = "true",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "transfer-never-given-up",
            Failures = [17],
            Wrong = "a leader whose target does not take over refuses writes for ever (openraft #2088, cockroach #130123)",
            In = "RaftNode.TickLeader",
            Original = "AbortTransfer();",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Raft],
        },
    ];
}
