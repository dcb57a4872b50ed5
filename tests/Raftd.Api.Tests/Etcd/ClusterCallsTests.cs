using Google.Protobuf;
using Raftd.Api.Etcd;
using Raftd.Contract;
using Action = Raftd.Api.Wire.AlarmRequest.Types.AlarmAction;
using Downgrade = Raftd.Api.Wire.DowngradeRequest.Types.DowngradeAction;

namespace Raftd.Api.Tests.Etcd;

/// <summary>Members, maintenance and users of the etcd API. Each test has a cluster of its own.</summary>
public sealed class ClusterCallsTests : IAsyncLifetime
{
    private const ulong Self = 11_111_111_111_111_111_111;

    private readonly InMemoryHost _host = new();
    private GrpcClient _client = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _host.InitializeAsync();
        _client = GrpcClient.Of(_host);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task MemberList_OfOne_HasUrlsAndNoRevision()
    {
        var list = (await ClusterAsync<Wire.MemberListResponse>("MemberList", new Wire.MemberListRequest { Linearizable = true })).Only;
        var member = Assert.Single(list.Members);
        Assert.Equal((Self, "node01", false), (member.ID, member.Name, member.IsLearner));
        Assert.Equal(("http://127.0.0.1:8101", "http://127.0.0.1:8001"), (Assert.Single(member.PeerURLs), Assert.Single(member.ClientURLs)));
        Assert.Equal((1UL, 0L), (list.Header.ClusterId, list.Header.Revision));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Member_AddedByItsUrl_HasNoNameUntilItStarts(bool isLearner)
    {
        var request = new Wire.MemberAddRequest { PeerURLs = { "http://10.0.0.2:2380" }, IsLearner = isLearner };
        var answer = (await ClusterAsync<Wire.MemberAddResponse>("MemberAdd", request)).Only;
        Assert.Equal(("", "http://10.0.0.2:2380"), (answer.Member.Name, Assert.Single(answer.Member.PeerURLs)));
        Assert.Empty(answer.Member.ClientURLs);
        Assert.Equal([Self, answer.Member.ID], answer.Members.Select(static member => member.ID));
        Assert.Equal(isLearner, Assert.Single(_host.Cluster.StayingLearners));
        (await ClusterAsync<Wire.MemberAddResponse>("MemberAdd", request)).Is(EtcdStatus.PeerUrlExists);

        var update = new Wire.MemberUpdateRequest { ID = answer.Member.ID, PeerURLs = { "http://10.0.0.3:2380" } };
        var updated = (await ClusterAsync<Wire.MemberUpdateResponse>("MemberUpdate", update)).Only;
        Assert.Contains(updated.Members, static member => member.PeerURLs.Contains("http://10.0.0.3:2380"));
        update.ID = 5;
        update.PeerURLs[0] = "http://10.0.0.4:2380";
        (await ClusterAsync<Wire.MemberUpdateResponse>("MemberUpdate", update)).Is(EtcdStatus.MemberNotFound);
    }

    [Theory]
    [InlineData("", "etcdserver: given member URLs are invalid")]
    [InlineData("10.0.0.2:2380", "etcdserver: given member URLs are invalid")]
    [InlineData("http://10.0.0.2", "etcdserver: given member URLs are invalid")]
    [InlineData("http://10.0.0.2:2380/path", "etcdserver: given member URLs are invalid")]
    [InlineData("unix://10.0.0.2:2380", "etcdserver: given member URLs are invalid")]
    [InlineData("http://0.0.0.0:2380", "etcdserver: given member URLs are invalid")]
    [InlineData("https://10.0.0.2:2380", "raftd: the peers of this cluster speak http, not as in https://10.0.0.2:2380")]
    [InlineData("http://10.0.0.2:1 http://10.0.0.2:2", "raftd: a member has one peer URL, not 2")]
    public async Task PeerUrl_ThatNoPeerCanBeReachedBy_IsRefused(string urls, string message)
    {
        var add = new Wire.MemberAddRequest { PeerURLs = { urls.Split(' ', StringSplitOptions.RemoveEmptyEntries) } };
        (await ClusterAsync<Wire.MemberAddResponse>("MemberAdd", add)).Is(EtcdStatus.Wrong(message));
        var update = new Wire.MemberUpdateRequest { ID = Self, PeerURLs = { add.PeerURLs } };
        (await ClusterAsync<Wire.MemberUpdateResponse>("MemberUpdate", update)).Is(EtcdStatus.Wrong(message));
    }

    [Fact]
    public async Task Member_AddedElsewhere_IsPromotedAndRemoved()
    {
        var id = await JoinAsync("node02");
        var promoted = (await ClusterAsync<Wire.MemberPromoteResponse>("MemberPromote", new Wire.MemberPromoteRequest { ID = id })).Only;
        Assert.False(Assert.Single(promoted.Members, member => member.ID == id).IsLearner);
        var left = (await ClusterAsync<Wire.MemberRemoveResponse>("MemberRemove", new Wire.MemberRemoveRequest { ID = id })).Only;
        Assert.Equal(Self, Assert.Single(left.Members).ID);
        (await ClusterAsync<Wire.MemberRemoveResponse>("MemberRemove", new Wire.MemberRemoveRequest { ID = id })).Is(EtcdStatus.MemberNotFound);
    }

    [Fact]
    public async Task Status_OfAMember_LooksLikeEtcds()
    {
        var status = (await MaintenanceAsync<Wire.StatusResponse>("Status", new Wire.StatusRequest())).Only;
        Assert.Equal(("3.6.14", "3.6.0"), (status.Version, status.StorageVersion));
        Assert.Equal((Self, 3UL, false), (status.Leader, status.RaftTerm, status.IsLearner));
        Assert.True(status.DbSize > 0 && status.DbSizeQuota > 0 && status.RaftIndex > 0);
        Assert.Empty(status.Errors);
        _host.Cluster.LeaderUrl = null;
        status = (await MaintenanceAsync<Wire.StatusResponse>("Status", new Wire.StatusRequest())).Only;
        Assert.Equal(["etcdserver: no leader"], status.Errors);
    }

    [Fact]
    public async Task Alarm_RaisedAndDisarmed_RefusesAndLetsPass()
    {
        var noSpace = new Wire.AlarmMember { MemberID = 0, Alarm = Wire.AlarmType.Nospace };
        Assert.Empty(await AlarmAsync(Action.Get, Wire.AlarmType.None));
        Assert.Empty(await AlarmAsync(Action.Activate, Wire.AlarmType.None));
        Assert.Equal([noSpace], await AlarmAsync(Action.Activate, Wire.AlarmType.Nospace));
        Assert.Equal([noSpace], await AlarmAsync(Action.Get, Wire.AlarmType.None));
        Assert.Empty(await AlarmAsync(Action.Get, Wire.AlarmType.Corrupt));

        var put = new Wire.PutRequest { Key = ByteString.CopyFromUtf8("a") };
        (await _client.CallAsync<Wire.PutResponse>(GrpcClient.Put, put)).Is(EtcdStatus.NoSpace);
        Assert.Empty(await AlarmAsync(Action.Deactivate, Wire.AlarmType.Nospace, member: 5));
        Assert.Equal([noSpace], await AlarmAsync(Action.Deactivate, Wire.AlarmType.Nospace));
        Assert.NotNull((await _client.CallAsync<Wire.PutResponse>(GrpcClient.Put, put)).Only);
    }

    [Fact]
    public async Task MoveLeader_ToEachKindOfMember_IsAnsweredAsEtcdDoes()
    {
        var learner = await JoinAsync("node02");
        (await MoveAsync(learner)).Is(EtcdStatus.BadLeaderTransferee);
        (await MoveAsync(0)).Is(EtcdStatus.BadLeaderTransferee);
        Assert.Null((await MoveAsync(Self)).Only.Header);
        await _host.Cluster.PromoteMemberAsync(Caller.Nobody, learner, Stop);
        Assert.NotNull((await MoveAsync(learner)).Only);
        _host.Cluster.IsLeader = false;
        (await MoveAsync(Self)).Is(EtcdStatus.NotLeader);
    }

    [Theory]
    [InlineData((int)Downgrade.Validate, "3.5.0", (int)GrpcCode.Ok)]
    [InlineData((int)Downgrade.Validate, "3.5", (int)GrpcCode.Ok)]
    [InlineData((int)Downgrade.Validate, "3.4.0", (int)GrpcCode.InvalidArgument)]
    [InlineData((int)Downgrade.Validate, "x", (int)GrpcCode.InvalidArgument)]
    [InlineData((int)Downgrade.Enable, "3.5.0", (int)GrpcCode.Unimplemented)]
    [InlineData((int)Downgrade.Cancel, "", (int)GrpcCode.FailedPrecondition)]
    public async Task Downgrade_OfEachKind_IsCheckedAndNeverDone(int action, string version, int code)
    {
        var request = new Wire.DowngradeRequest { Action = (Downgrade)action, Version = version };
        Assert.Equal((GrpcCode)code, (await MaintenanceAsync<Wire.DowngradeResponse>("Downgrade", request)).Code);
    }

    [Fact]
    public async Task Users_BeforeThereAreAny_AreRefused()
    {
        var status = (await AuthAsync<Wire.AuthStatusResponse>("AuthStatus", new Wire.AuthStatusRequest())).Only;
        Assert.Equal((false, 1UL), (status.Enabled, status.AuthRevision));
        (await AuthAsync<Wire.AuthenticateResponse>("Authenticate", new Wire.AuthenticateRequest { Name = "a" })).Is(EtcdStatus.AuthNotEnabled);
        Assert.Equal(GrpcCode.FailedPrecondition, (await AuthAsync<Wire.AuthEnableResponse>("AuthEnable", new Wire.AuthEnableRequest())).Code);
        Assert.Equal(
            GrpcCode.FailedPrecondition,
            (await AuthAsync<Wire.AuthUserAddResponse>("UserAdd", new Wire.AuthUserAddRequest { Name = "a" })).Code);
    }

    private async Task<ulong> JoinAsync(string label)
    {
        var request = new JoinRequest { Label = label, HttpAddress = "127.0.0.1:8002", PeerAddress = "127.0.0.1:8102", FeatureLevel = 1 };
        return (await _host.Cluster.JoinAsync(Caller.Nobody, request, Stop)).MemberId;
    }

    private async Task<IReadOnlyList<Wire.AlarmMember>> AlarmAsync(Action action, Wire.AlarmType type, ulong member = 0)
    {
        var request = new Wire.AlarmRequest { Action = action, Alarm = type, MemberID = member };
        return (await MaintenanceAsync<Wire.AlarmResponse>("Alarm", request)).Only.Alarms;
    }

    private Task<GrpcAnswer<Wire.MoveLeaderResponse>> MoveAsync(ulong to) =>
        MaintenanceAsync<Wire.MoveLeaderResponse>("MoveLeader", new Wire.MoveLeaderRequest { TargetID = to });

    private Task<GrpcAnswer<T>> ClusterAsync<T>(string method, IMessage request)
        where T : class, IMessage, new() => _client.CallAsync<T>($"etcdserverpb.Cluster/{method}", request);

    private Task<GrpcAnswer<T>> MaintenanceAsync<T>(string method, IMessage request)
        where T : class, IMessage, new() => _client.CallAsync<T>($"etcdserverpb.Maintenance/{method}", request);

    private Task<GrpcAnswer<T>> AuthAsync<T>(string method, IMessage request)
        where T : class, IMessage, new() => _client.CallAsync<T>($"etcdserverpb.Auth/{method}", request);
}
