using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Replication;
using Raftd.Raft;

namespace Raftd.Node.Tests;

/// <summary>Peers that lie: a member stops for good only when it was removed.</summary>
public sealed class RemovalVerdictTests
{
    private const ulong Cluster = 0xC1;
    private const ulong Known = 7;

    private readonly RemovalVerdict _verdict = new(
        new MemberIdentity { Format = 1, Instance = 1, Label = "one", ClusterId = Cluster, MemberId = 1 }, NullLogger.Instance);

    [Fact]
    public void OneMemberOfThree_IsNotEnough_ASecondIs()
    {
        var status = StatusOf(1, 2, 3);
        Assert.False(_verdict.IsRemoved(called: 2, Notice(saidBy: 2), status, out _));
        Assert.False(_verdict.IsRemoved(called: 2, Notice(saidBy: 2), status, out _));
        Assert.True(_verdict.IsRemoved(called: 3, Notice(saidBy: 3), status, out var reason));
        Assert.Contains("was removed", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Verdict_OfTheOnlyOtherMember_IsEnough() =>
        Assert.True(_verdict.IsRemoved(called: 2, Notice(saidBy: 2), StatusOf(1, 2), out _));

    [Theory]
    [InlineData(0xC2UL, 2UL, 1UL, Known + 1)]
    [InlineData(Cluster, 3UL, 1UL, Known + 1)]
    [InlineData(Cluster, 2UL, 9UL, Known + 1)]
    [InlineData(Cluster, 2UL, 1UL, Known)]
    [InlineData(Cluster, 2UL, 1UL, 0UL)]
    public void Notice_ThatDoesNotFit_CountsForNothing(ulong cluster, ulong saidBy, ulong member, ulong configuration) =>
        Assert.False(_verdict.IsRemoved(
            called: 2, new RemovalNotice(cluster, saidBy, member, configuration), StatusOf(1, 2), out _));

    [Fact]
    public void Notice_OfAStranger_CountsForNothing() =>
        Assert.False(_verdict.IsRemoved(called: 5, Notice(saidBy: 5), StatusOf(1, 2), out _));

    /// <summary>A leader that removed itself has committed the configuration that it is told of.</summary>
    [Fact]
    public void Configuration_KnownToHaveRemovedIt_Counts() =>
        Assert.True(_verdict.IsRemoved(called: 2, new RemovalNotice(Cluster, 2, 1, Known), StatusOf(2), out _));

    [Theory]
    [InlineData("removed: member=0000000000000001 cluster=00000000000000c1 configuration=8 said-by=0000000000000002", true)]
    [InlineData("member 1 was removed", false)]
    [InlineData("", false)]
    [InlineData("removed: member=1 cluster=c1 configuration=-8 said-by=2", false)]
    public void Notice_IsReadAsItWasWritten_OrNotAtAll(string text, bool isNotice)
    {
        Assert.Equal(isNotice, RemovalNotice.TryParse(text, out var notice));
        if (isNotice)
        {
            Assert.Equal(text, notice.ToString());
        }
    }

    private static RemovalNotice Notice(ulong saidBy) => new(Cluster, saidBy, Member: 1, Known + 1);

    private static ReplicaStatus StatusOf(params ulong[] members)
    {
        var table = MemberTable.Of([.. members.Select(id => new MemberInfo
        {
            Id = id,
            Label = $"m{id}",
            HttpAddress = $"m{id}:1",
            PeerAddress = $"m{id}:2",
            Instance = id,
            Generator = (int)id,
            PromoteWhenCaughtUp = false,
        })]);
        var configuration = new Configuration(members.Select(id => new NodeId(id)), []);
        return new ReplicaStatus
        {
            Role = RaftRole.Follower,
            Term = 3,
            Leader = NodeId.None,
            Commit = 10,
            Configuration = configuration,
            Members = table,
            CommittedConfiguration = configuration,
            CommittedMembers = table,
            CommittedConfigurationIndex = Known,
            IsPromoted = false,
            LeadsAlone = false,
            IsRecovering = false,
            FencedBecause = null,
            IsLearner = false,
        };
    }
}
