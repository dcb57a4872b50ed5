using Raftd.Contract;

namespace Raftd.Node.Tests;

/// <summary>The membership calls of the contract on a member of its own, by newcomers that never start.</summary>
public sealed class MembershipServiceTests(LoneNode lone) : IClassFixture<LoneNode>
{
    private IClusterService Cluster => lone.Node.Cluster;

    private IGroupService Group => lone.Node.Group;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Failure 16 of docs/failures.md: a voter that was never there would stop a cluster of one.</summary>
    [Fact]
    public async Task LearnerThatNeverStarted_IsNotPromoted_AndHoldsUpNoWriteAsync()
    {
        var id = (await Group.JoinAsync(Caller.Nobody, Request("silent", instance: 7), Stop)).MemberId;
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Group.PromoteMemberAsync(Caller.Nobody, id, Stop));
        Assert.Equal(ErrorCode.LearnerBehind, refused.Code);
        Assert.Contains("has entry 0 of", refused.Message, StringComparison.Ordinal);

        await lone.Node.KeyValues.PutAsync(Caller.Nobody, new PutRequest { Key = "k"u8.ToArray(), Value = "v"u8.ToArray() }, Stop);
        var members = (await Cluster.MembersAsync(Caller.Nobody, ReadLevel.Linearizable, Stop)).Members;
        Assert.True(members.Single(member => member.Id == id).IsLearner);
        await Group.RemoveMemberAsync(Caller.Nobody, id, Stop);
    }

    /// <summary>Failure 15 of docs/failures.md: a wiped directory has forgotten what the member promised.</summary>
    [Fact]
    public async Task JoinUnderAKnownLabel_FromTheSameDirectoryIsThatMember_FromAnotherIsRefusedUntilItIsRemovedAsync()
    {
        var first = (await Group.JoinAsync(Caller.Nobody, Request("again", instance: 7), Stop)).MemberId;
        Assert.Equal(first, (await Group.JoinAsync(Caller.Nobody, Request("again", instance: 7), Stop)).MemberId);
        var wiped = await Assert.ThrowsAsync<StoreException>(async () => await Group.JoinAsync(Caller.Nobody, Request("again", instance: 8), Stop));
        Assert.Equal(ErrorCode.Conflict, wiped.Code);

        await Group.RemoveMemberAsync(Caller.Nobody, first, Stop);
        var second = (await Group.JoinAsync(Caller.Nobody, Request("again", instance: 8), Stop)).MemberId;
        Assert.NotEqual(first, second);
        await Group.RemoveMemberAsync(Caller.Nobody, second, Stop);
    }

    [Fact]
    public async Task Remove_OnlyVoter_IsRefusedAsync()
    {
        var own = Cluster.Status().MemberId;
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Group.RemoveMemberAsync(Caller.Nobody, own, Stop));
        Assert.Equal(ErrorCode.Conflict, refused.Code);
    }

    [Fact]
    public async Task KnownLabel_WithoutItsInstance_IsNotMovedAsync()
    {
        var added = (await Group.JoinAsync(Caller.Nobody, Request("stays", instance: 7), Stop)).MemberId;
        var elsewhere = Request("stays", instance: 0) with { PeerAddress = "127.0.0.1:4" };
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Group.JoinAsync(Caller.Nobody, elsewhere, Stop));
        Assert.Equal(ErrorCode.Conflict, refused.Code);
        Assert.Contains("127.0.0.1:3", refused.Message, StringComparison.Ordinal);
        Assert.Equal("127.0.0.1:3", await PeerAddressAsync(added));

        // Asked for just what is there, nothing is to be done; with its instance it may move.
        Assert.Equal(added, (await Group.JoinAsync(Caller.Nobody, Request("stays", instance: 0), Stop)).MemberId);
        Assert.Equal(added, (await Group.JoinAsync(Caller.Nobody, elsewhere with { Instance = 7 }, Stop)).MemberId);
        Assert.Equal("127.0.0.1:4", await PeerAddressAsync(added));
        await Group.RemoveMemberAsync(Caller.Nobody, added, Stop);
    }

    /// <summary>As `curl -X POST …/join` adds it, before its directory has ever been started.</summary>
    [Fact]
    public async Task MemberAddedByHand_IsThatOfTheFirstDirectory_ThatComesFromItsAddressesAsync()
    {
        var added = (await Group.JoinAsync(Caller.Nobody, Request("by-hand", instance: 0), Stop)).MemberId;
        var elsewhere = Request("by-hand", instance: 8) with { HttpAddress = "127.0.0.1:4" };
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Group.JoinAsync(Caller.Nobody, elsewhere, Stop));
        Assert.Equal(ErrorCode.Conflict, refused.Code);

        Assert.Equal(added, (await Group.JoinAsync(Caller.Nobody, Request("by-hand", instance: 8), Stop)).MemberId);
        await Assert.ThrowsAsync<StoreException>(async () => await Group.JoinAsync(Caller.Nobody, Request("by-hand", instance: 9), Stop));
        await Group.RemoveMemberAsync(Caller.Nobody, added, Stop);
    }

    /// <summary>As `etcdctl member add` does it.</summary>
    [Fact]
    public async Task MemberAddedByItsPeerAddress_IsThatOfTheFirstDirectory_ThatComesFromItAsync()
    {
        var added = await Group.AddMemberAsync(Caller.Nobody, new MemberAddRequest { PeerAddress = "127.0.0.1:3" }, Stop);
        Assert.Equal(("", "", "127.0.0.1:3", true), (added.Label, added.HttpAddress, added.PeerAddress, added.IsLearner));
        var again = await Assert.ThrowsAsync<StoreException>(
            async () => await Group.AddMemberAsync(Caller.Nobody, new MemberAddRequest { PeerAddress = "127.0.0.1:3" }, Stop));
        Assert.Equal(ErrorCode.AddressTaken, again.Code);

        var joined = await Group.JoinAsync(Caller.Nobody, Request("came", instance: 8), Stop);
        Assert.Equal(added.Id, joined.MemberId);
        Assert.Contains(joined.Members, member => member.Id == added.Id && member is { Label: "came", HttpAddress: "127.0.0.1:2" });
        var other = Request("late", instance: 9) with { HttpAddress = "127.0.0.1:4" };
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Group.JoinAsync(Caller.Nobody, other, Stop));
        Assert.Equal(ErrorCode.Conflict, refused.Code);
        await Group.RemoveMemberAsync(Caller.Nobody, added.Id, Stop);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MemberAddedByItsPeerAddress_BecomesAVoterByItself_UnlessItIsToStayALearnerAsync(bool staysLearner)
    {
        var request = new MemberAddRequest { PeerAddress = "127.0.0.1:3", StaysLearner = staysLearner };
        var added = await Group.AddMemberAsync(Caller.Nobody, request, Stop);
        await Group.JoinAsync(Caller.Nobody, Request("came", instance: 8), Stop);
        var members = lone.Node.Member!.Replica.Status.Members;
        Assert.Equal(!staysLearner, members.Find(added.Id)!.PromoteWhenCaughtUp);
        await Group.RemoveMemberAsync(Caller.Nobody, added.Id, Stop);
    }

    [Fact]
    public async Task PeerAddress_Updated_IsTheMembers_UnlessAnotherHasItAsync()
    {
        var added = await Group.AddMemberAsync(Caller.Nobody, new MemberAddRequest { PeerAddress = "127.0.0.1:3" }, Stop);
        await Group.UpdateMemberAsync(Caller.Nobody, new MemberUpdateRequest { Id = added.Id, PeerAddress = "127.0.0.1:5" }, Stop);
        Assert.Equal("127.0.0.1:5", await PeerAddressAsync(added.Id));
        await Group.UpdateMemberAsync(Caller.Nobody, new MemberUpdateRequest { Id = added.Id, PeerAddress = "127.0.0.1:5" }, Stop);
        Assert.Equal(ErrorCode.AddressTaken, await RefusalAsync(added.Id, Cluster.Status().PeerAddress));
        Assert.Equal(ErrorCode.NotFound, await RefusalAsync(77, "127.0.0.1:6"));
        Assert.Equal(ErrorCode.BadRequest, await RefusalAsync(added.Id, "http://127.0.0.1:6"));
        await Group.RemoveMemberAsync(Caller.Nobody, added.Id, Stop);

        async Task<ErrorCode> RefusalAsync(ulong id, string address)
        {
            var request = new MemberUpdateRequest { Id = id, PeerAddress = address };
            return (await Assert.ThrowsAsync<StoreException>(async () => await Group.UpdateMemberAsync(Caller.Nobody, request, Stop))).Code;
        }
    }

    [Theory]
    [InlineData("a b", "127.0.0.1:2", "127.0.0.1:3", "`id`")]
    [InlineData("x", "http://127.0.0.1:2", "127.0.0.1:3", "`httpAddr`")]
    [InlineData("x", "127.0.0.1:2", ":8200", "`raftAddr`")]
    public async Task Join_WithWhatNoMemberCanDial_IsRefusedAsync(string label, string http, string peer, string field)
    {
        var request = Request(label, instance: 7) with { HttpAddress = http, PeerAddress = peer };
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Group.JoinAsync(Caller.Nobody, request, Stop));
        Assert.Equal(ErrorCode.BadRequest, refused.Code);
        Assert.Contains(field, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Join_OfABuildThatDoesNotKnowTheClustersLevel_IsRefusedAsync()
    {
        var old = Request("old", instance: 7) with { FeatureLevel = Cluster.Status().FeatureLevel - 1 };
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Group.JoinAsync(Caller.Nobody, old, Stop));
        Assert.Equal(ErrorCode.LevelTooLow, refused.Code);
        Assert.Contains($"old knows {old.FeatureLevel}", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            (await Cluster.MembersAsync(Caller.Nobody, ReadLevel.Linearizable, Stop)).Members, member => member.Label == "old");
    }

    private async Task<string> PeerAddressAsync(ulong id) =>
        (await Cluster.MembersAsync(Caller.Nobody, ReadLevel.Linearizable, Stop)).Members.Single(member => member.Id == id).PeerAddress;

    private static JoinRequest Request(string label, ulong instance) => new()
    {
        Label = label,
        HttpAddress = "127.0.0.1:2",
        PeerAddress = "127.0.0.1:3",
        Instance = instance,
        FeatureLevel = RaftdNode.NewestFeatureLevel,
    };
}
