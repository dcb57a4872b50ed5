using System.Net;
using System.Text;
using Raftd.Contract;
using Raftd.Node.Peers;

namespace Raftd.Node.Tests;

/// <summary>Some questions are decided on the replica's thread. What is refused there goes back to the one who asked: thrown on
/// that thread it would end the process (failure 69).</summary>
public sealed class RefusalTests
{
    private const string Unknown = "4711";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TransferToAnUnknownNumber_IsRefused_AndTheLeaderGoesOnAsync()
    {
        await using var nodes = await TwoNodes.StartAsync(TimeSpan.FromSeconds(5), TwoNodes.ElectionTimeout);

        // Asked of the leader, and of a follower, which asks it over the wire between members.
        foreach (var node in new[] { nodes.First, nodes.Second })
        {
            var transfer = node.Cluster.TransferLeadershipAsync(4711, Stop).AsTask();
            await Task.WhenAny(transfer, nodes.First.Failed);
            Assert.False(nodes.First.Failed.IsCompleted, "the leader's process ends");
            Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<StoreException>(() => transfer)).Code);
            await GoesOnAsync(nodes, node);
        }
    }

    /// <summary>What a member may send to the peer port of the leader, and should not.</summary>
    [Fact]
    public async Task CallsThatCannotBeAnswered_AreRefused_AndTheLeaderGoesOnAsync()
    {
        await using var nodes = await TwoNodes.StartAsync(TimeSpan.FromSeconds(5), TwoNodes.ElectionTimeout);
        using var client = PeerHttp.CreateClient(TimeSpan.FromSeconds(5));
        var learner = (await nodes.First.Cluster.JoinAsync(Newcomer("learner", 1), Stop)).MemberId;
        var self = nodes.First.Cluster.Status().MemberId;
        (string Path, string Body, HttpStatusCode Status)[] calls =
        [
            (Call("leader-transfer"), Unknown, HttpStatusCode.UnprocessableEntity),
            (Call("leader-transfer"), $"{learner}", HttpStatusCode.UnprocessableEntity),
            (Call("leader-transfer"), $"{self}", HttpStatusCode.OK),
            (Call("member-promote"), Unknown, HttpStatusCode.UnprocessableEntity),
            (Call("member-promote"), $"{learner}", HttpStatusCode.UnprocessableEntity),
            (Call("member-promote"), $"{self}", HttpStatusCode.UnprocessableEntity),
            (Call("member-remove"), Unknown, HttpStatusCode.UnprocessableEntity),
            (Call("no-such-call"), "1", HttpStatusCode.UnprocessableEntity),
            (Call("join"), """{"label":"","http_address":"x","peer_address":"y"}""", HttpStatusCode.UnprocessableEntity),
            (Call("join"), """{"label":null,"http_address":null,"peer_address":null}""", HttpStatusCode.BadRequest),
            (Call("join"), "null", HttpStatusCode.UnprocessableEntity),
            (Call("join"), Json(Newcomer("first", 2)), HttpStatusCode.UnprocessableEntity),
            (Call("join"), Json(Newcomer("other", 3) with { Generator = -7 }), HttpStatusCode.UnprocessableEntity),
            (Call("join"), Json(Newcomer("other", 3) with { Generator = 5000 }), HttpStatusCode.UnprocessableEntity),
            .. Malformed.SelectMany(body => Names.Select(name => (Call(name), body, HttpStatusCode.BadRequest))),
            (PeerPaths.Propose, "no command", HttpStatusCode.UnprocessableEntity),
            (PeerPaths.Propose, "", HttpStatusCode.UnprocessableEntity),
        ];

        foreach (var (path, body, expected) in calls)
        {
            var status = await SendAsync(client, nodes, path, body);
            Assert.False(nodes.First.Failed.IsCompleted, $"{path} {body} ends the leader's process");
            Assert.True(expected == status, $"{path} {body}: {status} where {expected} was expected");
        }

        await GoesOnAsync(nodes, nodes.Second);
    }

    [Fact]
    public async Task RemovalOfTheLastVoter_IsRefused_AndTheLeaderGoesOnAsync()
    {
        await using var nodes = await TwoNodes.StartAsync(TimeSpan.FromSeconds(5), TwoNodes.ElectionTimeout);
        using var client = PeerHttp.CreateClient(TimeSpan.FromSeconds(5));
        var learner = (await nodes.First.Cluster.JoinAsync(Newcomer("learner", 1), Stop)).MemberId;
        var handshake = HandshakeOf(nodes) with { From = learner, FromLabel = "learner" };
        await nodes.First.Cluster.RemoveMemberAsync(nodes.SecondId, Stop);

        var status = await SendAsync(client, nodes, handshake, Call("member-remove"), $"{nodes.First.Cluster.Status().MemberId}");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        await GoesOnAsync(nodes, nodes.First);
    }

    private static string[] Malformed => ["", "{", "[]", "\"\u0000", "-1", "1e99", "99999999999999999999999"];

    private static string[] Names => ["leader-transfer", "member-promote", "member-remove", "join"];

    private static string Call(string name) => PeerPaths.Call + name;

    private static string Json(JoinRequest request) =>
        $$"""
        {"label":"{{request.Label}}","http_address":"{{request.HttpAddress}}","peer_address":"{{request.PeerAddress}}",
        "generator":{{request.Generator?.ToString() ?? "null"}}}
        """;

    private static JoinRequest Newcomer(string label, int port) => new()
    {
        Label = label,
        HttpAddress = $"127.0.0.1:{port}",
        PeerAddress = $"127.0.0.1:{port + 10}",
    };

    private static PeerHandshake HandshakeOf(TwoNodes nodes)
    {
        var leader = nodes.First.Cluster.Status();
        return new PeerHandshake(leader.ClusterId, nodes.SecondId, leader.MemberId, "second", "first");
    }

    private static Task<HttpStatusCode> SendAsync(HttpClient client, TwoNodes nodes, string path, string body) =>
        SendAsync(client, nodes, HandshakeOf(nodes), path, body);

    private static async Task<HttpStatusCode> SendAsync(
        HttpClient client, TwoNodes nodes, PeerHandshake handshake, string path, string body)
    {
        using var request = PeerHttp.Post(nodes.FirstsPeerAddress, path, handshake);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        using var response = await client.SendAsync(request, Stop);
        return response.StatusCode;
    }

    private static async Task GoesOnAsync(TwoNodes nodes, RaftdNode asked)
    {
        await asked.KeyValues.PutAsync(new PutRequest { Key = "k"u8.ToArray(), Value = "v"u8.ToArray() }, Stop);
        Assert.False(nodes.First.Failed.IsCompleted, "the leader's process ends");
    }
}
