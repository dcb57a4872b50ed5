using Raftd.Contract;

namespace Raftd.Node.Tests;

/// <summary>Some questions are decided on the replica's thread. What is refused there goes back to the one who asked: thrown on
/// that thread it would end the process (failure 69).</summary>
public sealed class RefusalTests
{
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
            await node.KeyValues.PutAsync(new PutRequest { Key = "k"u8.ToArray(), Value = "v"u8.ToArray() }, Stop);
        }
    }
}
