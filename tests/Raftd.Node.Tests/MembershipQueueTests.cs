using Raftd.Contract;
using Raftd.Node.Membership.Changes;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

public sealed class MembershipQueueTests
{
    private readonly ManualTime _time = new();

    /// <summary>A second request waits for the first. When its member leads no more it does not: the next leader can take it now,
    /// while what becomes of the first may stay open until its time is up.</summary>
    [Fact]
    public async Task Change_BehindOneUnderWayAtALeaderThatIsDeposed_IsSentElsewhereAtOnceAsync()
    {
        using var member = SteppedMember.Leader(_time);
        var first = member.Replica.ChangeMembersAsync(Join(2));
        var second = member.Replica.ChangeMembersAsync(Join(3));
        member.Replica.Step(); // the log is not stepped: the first is proposed and not durable
        Assert.False(first.IsCompleted || second.IsCompleted);

        Assert.True(member.Replica.TryReceive(SteppedMember.Heartbeat(from: 2, to: 1, term: 9)));
        member.Replica.Step();

        Assert.False(first.IsCompleted);
        Assert.True(second.IsCompleted);
        Assert.IsType<NotLeaderException>((await second).Failure);
    }

    private static JoinChange Join(ulong id) => new(
        new JoinRequest
        {
            Label = $"m{id}",
            HttpAddress = SteppedMember.Info(id).HttpAddress,
            PeerAddress = SteppedMember.Info(id).PeerAddress,
            Instance = id,
            FeatureLevel = FeatureLevel.Newest,
        },
        id,
        "http");
}
