using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node.Peers;
using Raftd.Node.Peers.Http;
using Raftd.Peers.Http;
using Raftd.Testing.Processes;

namespace Raftd.Node.Tests;

/// <summary>POST /join at the peer address: what a directory started with etcd's flags sends, and what others may.</summary>
public sealed class PeerJoinTests(LoneNode lone) : IClassFixture<LoneNode>, IAsyncLifetime
{
    private const string Body =
        """{"id":"through-peers","httpAddr":"127.0.0.1:2","raftAddr":"127.0.0.1:3","instance":"8","generator":null,"featureLevel":2}""";

    private readonly IPEndPoint _endPoint = new(IPAddress.Loopback, Ports.Free());
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false })
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private PeerServer _server = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var join = new PeerJoin(lone.Node.Group, TimeProvider.System);
        _server = new PeerServer(
            _endPoint, tls: null, static (_, _, stream) => NotAMember.Refuse(stream), new PeerCall(PeerJoin.Path, join.HandleAsync),
            NullLoggerFactory.Instance, TimeProvider.System, static failure => throw failure);
        await _server.StartAsync(_endPoint);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Directory_ThatJoins_IsAMemberOfTheCluster()
    {
        var (status, answer) = await PostAsync(Body);
        Assert.True(status == HttpStatusCode.OK, answer);
        var members = (await lone.Node.Cluster.MembersAsync(Caller.Nobody, ReadLevel.Linearizable, Stop)).Members;
        var joined = Assert.Single(members, static member => member.Label == "through-peers");
        Assert.Contains($"\"member_id\":\"{joined.Id}\"", answer, StringComparison.Ordinal);

        var (wiped, refusal) = await PostAsync(Body.Replace("\"8\"", "\"9\"", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Conflict, wiped);
        Assert.Contains("\"code\":\"conflict\"", refusal, StringComparison.Ordinal);
        await lone.Node.Group.RemoveMemberAsync(Caller.Nobody, joined.Id, Stop);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("not JSON")]
    [InlineData("""{"id":"a","httpAddr":"127.0.0.1:2","raftAddr":"127.0.0.1:3","instance":"-1","generator":null,"featureLevel":2}""")]
    [InlineData("""{"id":"a","httpAddr":"nowhere","raftAddr":"127.0.0.1:3","instance":"1","generator":null,"featureLevel":2}""")]
    public async Task Body_ThatIsNoJoin_IsRefused(string body)
    {
        var (status, answer) = await PostAsync(body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("\"code\":\"bad_request\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_LargerThanAnyJoin_IsNotReadToItsEnd()
    {
        var (status, answer) = await PostAsync(new string(' ', 20_000) + Body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("more than 16384 bytes", answer, StringComparison.Ordinal);
    }

    /// <summary>A build that knows less than the cluster ends with its own exit code, so it has to be told in so many words.</summary>
    [Fact]
    public async Task Build_BelowTheClustersLevel_IsToldSo()
    {
        var (status, answer) = await PostAsync(Body.Replace("\"featureLevel\":2", "\"featureLevel\":0", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("\"code\":\"level_too_low\"", answer, StringComparison.Ordinal);
    }

    private async Task<(HttpStatusCode Status, string Answer)> PostAsync(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _client.PostAsync(new Uri($"http://{_endPoint}/join"), content, Stop);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Stop));
    }
}
