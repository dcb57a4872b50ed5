using Raftd.Contract;

namespace Raftd.Node.Tests;

/// <summary>The membership calls of the contract on a member of its own, by newcomers that never start.</summary>
public sealed class MembershipServiceTests(LoneNode lone) : IClassFixture<LoneNode>
{
    private IClusterService Cluster => lone.Node.Cluster;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Failure 16 in the catalogue: a voter that was never there would stop a cluster of one.</summary>
    [Fact]
    public async Task LearnerThatNeverStarted_IsNotPromoted_AndHoldsUpNoWriteAsync()
    {
        var id = (await Cluster.JoinAsync(Request("silent", instance: 7), Stop)).MemberId;
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Cluster.PromoteMemberAsync(id, Stop));
        Assert.Equal(ErrorCode.Conflict, refused.Code);
        Assert.Contains("has entry 0 of", refused.Message, StringComparison.Ordinal);

        await lone.Node.KeyValues.PutAsync(new PutRequest { Key = "k"u8.ToArray(), Value = "v"u8.ToArray() }, Stop);
        var members = (await Cluster.MembersAsync(ReadLevel.Linearizable, Stop)).Members;
        Assert.True(members.Single(member => member.Id == id).IsLearner);
        await Cluster.RemoveMemberAsync(id, Stop);
    }

    /// <summary>Failure 15 in the catalogue: a wiped directory has forgotten what the member promised.</summary>
    [Fact]
    public async Task JoinUnderAKnownLabel_FromTheSameDirectoryIsThatMember_FromAnotherIsRefusedUntilItIsRemovedAsync()
    {
        var first = (await Cluster.JoinAsync(Request("again", instance: 7), Stop)).MemberId;
        Assert.Equal(first, (await Cluster.JoinAsync(Request("again", instance: 7), Stop)).MemberId);
        var wiped = await Assert.ThrowsAsync<StoreException>(async () => await Cluster.JoinAsync(Request("again", instance: 8), Stop));
        Assert.Equal(ErrorCode.Conflict, wiped.Code);

        await Cluster.RemoveMemberAsync(first, Stop);
        var second = (await Cluster.JoinAsync(Request("again", instance: 8), Stop)).MemberId;
        Assert.NotEqual(first, second);
        await Cluster.RemoveMemberAsync(second, Stop);
    }

    [Fact]
    public async Task OnlyVoter_IsNotRemovedAsync()
    {
        var own = Cluster.Status().MemberId;
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Cluster.RemoveMemberAsync(own, Stop));
        Assert.Equal(ErrorCode.Conflict, refused.Code);
    }

    private static JoinRequest Request(string label, ulong instance) => new()
    {
        Label = label,
        HttpAddress = "127.0.0.1:2",
        PeerAddress = "127.0.0.1:3",
        Instance = instance,
    };
}
