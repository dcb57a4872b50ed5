using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Raft;
using Raftd.Testing;

namespace Raftd.Node.Tests;

/// <summary>A member whose state contradicts the majority's answers no request at all, however often it is
/// started.</summary>
public sealed class FenceTests
{
    private const string Reason = "its state differs from that of 2 voters at entry 7";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fenced_AnswersNothing_AlsoAfterARestartAsync()
    {
        await using var nodes = await TwoNodes.StartAsync(TimeSpan.FromSeconds(5), TwoNodes.ElectionTimeout);
        await nodes.Second.KeyValues.PutAsync(Caller.Nobody, Put, Stop);
        var waiting = nodes.Second.KeyValues.WaitAsync(
            Caller.Nobody, new WaitRequest { Key = Put.Key, AfterRevision = 1000, TimeLimit = TimeSpan.FromSeconds(1), Level = ReadLevel.Stale }, Stop);
        var fence = new Fence(nodes.SecondsIdentity, nodes.SecondsIdentity.Load()!, nodes.Second.Member!.Replica);

        fence.Raise(Reason);
        fence.Save();

        await Until.TrueAsync("the second is fenced", () => nodes.Second.Cluster.Status().Alarms.Contains("FENCED", StringComparer.Ordinal));
        await RefusedAsync(() => waiting.AsTask());
        await AnswersNothingAsync(nodes.Second);

        await nodes.StopSecondAsync();
        await nodes.StartSecondAsync();
        await AnswersNothingAsync(nodes.Second);
        Assert.Contains("FENCED", nodes.Second.Cluster.Status().Alarms, StringComparer.Ordinal);
        Assert.Contains(nodes.Second.Cluster.Status().Warnings, warning => warning.Contains("empty", StringComparison.Ordinal));
        Assert.Contains(
            await nodes.Second.Cluster.ReadinessAsync(Stop), check => check is { Name: "data_corruption", Failure: Reason });

        // It acknowledges nothing, and answers no heartbeat: the other one has no majority.
        await Until.TrueAsync("the first leads no more", () => nodes.First.Cluster.Status().Leader == 0);
        await Until.TrueAsync("the first asks for votes", () => nodes.First.Group.GroupStatus().Role == MemberRole.Candidate);
        Assert.Equal(RaftRole.Follower, await nodes.Second.Member!.Replica.InATickAsync(raft => raft.Role));
    }

    private static PutRequest Put => new() { Key = "k"u8.ToArray(), Value = "v"u8.ToArray() };

    private static async Task AnswersNothingAsync(RaftdNode node)
    {
        foreach (var level in new[] { ReadLevel.Stale, ReadLevel.Linearizable })
        {
            await RefusedAsync(() => node.KeyValues.RangeAsync(Caller.Nobody, new RangeRequest { Key = Put.Key, Level = level }, Stop).AsTask());
            await RefusedAsync(() => node.Cluster.MembersAsync(Caller.Nobody, level, Stop).AsTask());
            await RefusedAsync(() => node.Cluster.AlarmsAsync(Caller.Nobody, level, Stop).AsTask());
        }

        await RefusedAsync(() => node.KeyValues.PutAsync(Caller.Nobody, Put, Stop).AsTask());
        await RefusedAsync(() => node.Leases.LeasesAsync(Caller.Nobody, "", Stop).AsTask());
    }

    private static async Task RefusedAsync(Func<Task> request)
    {
        var refusal = await Assert.ThrowsAsync<StoreException>(request);
        Assert.Equal(ErrorCode.NotReady, refusal.Code);
        Assert.Contains("fenced", refusal.Message, StringComparison.Ordinal);
    }
}
