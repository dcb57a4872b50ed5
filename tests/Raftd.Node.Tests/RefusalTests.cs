using System.Buffers;
using System.Text;
using Raftd.Contract;
using Raftd.Peers;
using Raftd.Peers.Forwarding;
using Raftd.Raft;
using Raftd.State.Commands;

namespace Raftd.Node.Tests;

/// <summary>Some questions are decided on the replica's thread. What is refused there goes back to the one who asked: thrown on
/// that thread it would end the process (failure 69 of docs/failures.md).</summary>
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
            var transfer = node.Cluster.TransferLeadershipAsync(Caller.Nobody, 4711, Stop).AsTask();
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
        await using var stream = StreamOf(nodes, HandshakeOf(nodes), PeerPaths.Calls);
        var learner = (await nodes.First.Group.JoinAsync(Caller.Nobody, Newcomer("learner", 1), Stop)).MemberId;
        var self = nodes.First.Cluster.Status().MemberId;
        (string Name, string Body, AnswerKind Answer)[] calls =
        [
            ("leader-transfer", Unknown, AnswerKind.Refused),
            ("leader-transfer", $"{learner}", AnswerKind.Refused),
            ("leader-transfer", $"{self}", AnswerKind.Done),
            ("member-promote", Unknown, AnswerKind.Refused),
            ("member-promote", $"{learner}", AnswerKind.Refused),
            ("member-promote", $"{self}", AnswerKind.Refused),
            ("member-remove", Unknown, AnswerKind.Refused),
            ("no-such-call", "1", AnswerKind.Refused),
            ("join", """{"label":"","http_address":"x","peer_address":"y"}""", AnswerKind.Refused),
            ("join", """{"label":null,"http_address":null,"peer_address":null}""", AnswerKind.Refused),
            ("join", "null", AnswerKind.Refused),
            ("join", Json(Newcomer("first", 2)), AnswerKind.Refused),
            ("join", Json(Newcomer("other", 3) with { Generator = -7 }), AnswerKind.Refused),
            ("join", Json(Newcomer("other", 3) with { Generator = 5000 }), AnswerKind.Refused),
            .. Malformed.SelectMany(body => Names.Select(name => (name, body, AnswerKind.Refused))),
            ("", "no command", AnswerKind.Refused),
            ("", "", AnswerKind.Refused),
        ];

        foreach (var (name, body, expected) in calls)
        {
            var (kind, said) = await stream.CallAsync(name, Encoding.UTF8.GetBytes(body)).WaitAsync(Stop);
            Assert.False(nodes.First.Failed.IsCompleted, $"{name} {body} ends the leader's process");
            Assert.True(expected == kind, $"{name} {body}: {kind} {said} where {expected} was expected");
        }

        await GoesOnAsync(nodes, nodes.Second);
    }

    /// <summary>What does not belong on a stream ends that stream, and nothing else.</summary>
    [Theory]
    [InlineData(PeerPaths.Calls, FrameKind.Message)]
    [InlineData(PeerPaths.Proposals, FrameKind.Report)]
    [InlineData(PeerPaths.Entries, FrameKind.Report)]
    [InlineData(PeerPaths.Control, FrameKind.Calls)]
    [InlineData(PeerPaths.Snapshot, FrameKind.Report)]
    public async Task FrameWhereItDoesNotBelong_EndsItsStream_AndTheLeaderGoesOnAsync(string path, object kind)
    {
        await using var nodes = await TwoNodes.StartAsync(TimeSpan.FromSeconds(5), TwoNodes.ElectionTimeout);
        await using var stream = StreamOf(nodes, HandshakeOf(nodes), path);
        stream.Send(PeerFrame.Of((FrameKind)kind, new byte[64]));

        await Task.WhenAny(stream.Ended, nodes.First.Failed).WaitAsync(Stop);

        Assert.False(nodes.First.Failed.IsCompleted, "the leader's process ends");
        await GoesOnAsync(nodes, nodes.Second);
    }

    /// <summary>A MsgSnap belongs to a snapshot that was received; on a stream of messages it stopped the receiver.</summary>
    [Theory]
    [InlineData(PeerPaths.Control)]
    [InlineData(PeerPaths.Entries)]
    public async Task SnapshotOnAStreamOfMessages_EndsItsStream_AndTheReceiverGoesOnAsync(string path)
    {
        await using var nodes = await TwoNodes.StartAsync(TimeSpan.FromSeconds(5), TwoNodes.ElectionTimeout);
        var hello = HandshakeOf(nodes);
        await using var stream = StreamOf(nodes, hello, path);
        var message = new Message
        {
            Kind = MessageKind.MsgSnap,
            From = new NodeId(hello.From),
            To = new NodeId(hello.To),
            Term = 100,
            Snapshot = new SnapshotMetadata(new EntryId(99, 1000), new Configuration([new NodeId(hello.From)], []), 900),
        };
        var bytes = new ArrayBufferWriter<byte>();
        MessageCodec.Encode(bytes, message);
        stream.Send(PeerFrame.Of(FrameKind.Message, bytes.WrittenSpan));

        await Task.WhenAny(stream.Ended, nodes.First.Failed).WaitAsync(Stop);

        Assert.False(nodes.First.Failed.IsCompleted, "the leader's process ends");
        await GoesOnAsync(nodes, nodes.Second);
    }

    [Fact]
    public async Task RemovalOfTheLastVoter_IsRefused_AndTheLeaderGoesOnAsync()
    {
        await using var nodes = await TwoNodes.StartAsync(TimeSpan.FromSeconds(5), TwoNodes.ElectionTimeout);
        var learner = (await nodes.First.Group.JoinAsync(Caller.Nobody, Newcomer("learner", 1), Stop)).MemberId;
        await using var stream = StreamOf(nodes, HandshakeOf(nodes) with { From = learner, FromLabel = "learner" }, PeerPaths.Calls);
        await nodes.First.Group.RemoveMemberAsync(Caller.Nobody, nodes.SecondId, Stop);

        var removal = await stream.CallAsync(
            "member-remove", Encoding.UTF8.GetBytes($"{nodes.First.Cluster.Status().MemberId}")).WaitAsync(Stop);

        Assert.Equal(AnswerKind.Refused, removal.Kind);
        await GoesOnAsync(nodes, nodes.First);
    }

    private static string[] Malformed => ["", "{", "[]", "\"\u0000", "-1", "1e99", "99999999999999999999999"];

    private static string[] Names => ["leader-transfer", "member-promote", "member-remove", "join"];

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
        FeatureLevel = FeatureLevel.Newest,
    };

    private static PeerHandshake HandshakeOf(TwoNodes nodes)
    {
        var leader = nodes.First.Cluster.Status();
        return new PeerHandshake(leader.ClusterId, nodes.SecondId, leader.MemberId, "second", "first");
    }

    private static CallStream StreamOf(TwoNodes nodes, PeerHandshake hello, string path) =>
        new(nodes.FirstsPeerAddress, path, hello);

    private static async Task GoesOnAsync(TwoNodes nodes, RaftdNode asked)
    {
        await asked.KeyValues.PutAsync(Caller.Nobody, new PutRequest { Key = "k"u8.ToArray(), Value = "v"u8.ToArray() }, Stop);
        Assert.False(nodes.First.Failed.IsCompleted, "the leader's process ends");
    }
}
