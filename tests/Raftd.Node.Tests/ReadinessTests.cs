using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Raft;
using Raftd.Testing;

namespace Raftd.Node.Tests;

/// <summary>What the probes say of a member in each of its states (failure 84 of docs/failures.md). A request may take
/// minutes here: a probe that
/// waited for its read as long as a request may would not answer at all.</summary>
public sealed class ReadinessTests
{
    private static readonly TimeSpan RequestTimeLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan FarBelowTheRequestTimeLimit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Probes_OfEachState_SayWhatIsSoWithoutWaitingForWhatCannotComeAsync()
    {
        await using var nodes = await TwoNodes.StartAsync(RequestTimeLimit, TwoNodes.ElectionTimeout);
        await ReadyAsync(nodes.First);
        await ReadyAsync(nodes.Second);

        await DemoteSecondAsync(nodes);
        await Until.TrueAsync("the second knows that it is a learner", () => nodes.Second.Group.GroupStatus().Role == MemberRole.Learner);
        var learner = await FailAsync(nodes.Second, "linearizable_read non_learner");
        Assert.StartsWith("not tried", learner[0].Failure, StringComparison.Ordinal);
        await ReadyAsync(nodes.First);

        await nodes.First.Group.PromoteMemberAsync(Caller.Nobody, nodes.SecondId, TestContext.Current.CancellationToken);
        await Until.TrueAsync("the second votes", () => nodes.Second.Group.GroupStatus().Role == MemberRole.Follower);
        await ReadyAsync(nodes.Second);

        nodes.Second.Member!.Replica.Fence("a test says so");
        await Until.TrueAsync("the second is fenced", () => nodes.Second.Cluster.Status().Alarms.Contains("FENCED", StringComparer.Ordinal));
        await FailAsync(nodes.Second, "data_corruption serializable_read linearizable_read");

        // Whether it still takes itself for the leader or not: there is no majority.
        await FailAsync(nodes.First, "linearizable_read");
        await Until.TrueAsync("the first leads no more", () => nodes.First.Cluster.Status().Leader == 0);
        var leaderless = await FailAsync(nodes.First, "linearizable_read");
        Assert.Equal("no leader is known", leaderless[0].Failure);
    }

    /// <summary>Soon: on a busy machine one read may take longer than the probe gives it.</summary>
    private static Task ReadyAsync(RaftdNode node) => Until.TrueAsync(
        "every check passes",
        async () => (await node.Cluster.ReadinessAsync(TestContext.Current.CancellationToken)).All(check => check.Passed));

    /// <summary>The names of the failed checks of readiness, and that the process is alive.</summary>
    private static async Task<HealthCheck[]> FailAsync(RaftdNode node, string names)
    {
        var stop = TestContext.Current.CancellationToken;
        var checks = await node.Cluster.ReadinessAsync(stop).AsTask().WaitAsync(FarBelowTheRequestTimeLimit, stop);
        var failed = checks.Where(check => !check.Passed).ToArray();
        Assert.Equal(names, Names(failed));
        Assert.Equal("data_corruption serializable_read linearizable_read non_learner", Names(checks));
        Assert.All(await node.Cluster.LivenessAsync(stop), check => Assert.True(check.Passed));
        return failed;
    }

    private static string Names(IEnumerable<HealthCheck> checks) => string.Join(' ', checks.Select(check => check.Name));

    /// <summary>A learner that nothing promotes by itself, which no request can ask for.</summary>
    private static async Task DemoteSecondAsync(TwoNodes nodes)
    {
        var replica = nodes.First.Member!.Replica;
        var result = await replica.InATickAsync(raft =>
        {
            var members = MemberTable.Decode(raft.Configuration.Context.Span);
            var second = new NodeId(nodes.SecondId);
            var next = new Configuration(raft.Configuration.Voters.Where(id => id != second), [second], members.Encode());
            return replica.ProposeConfiguration(next).Result;
        });
        Assert.Equal(ProposeResult.Accepted, result);
    }
}
