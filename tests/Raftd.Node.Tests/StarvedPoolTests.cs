using Raftd.Contract;

namespace Raftd.Node.Tests;

/// <summary>Alone in the process: it blocks the pool that everything else runs on.</summary>
[CollectionDefinition(nameof(StarvedPool), DisableParallelization = true)]
public sealed class StarvedPool;

[Collection(nameof(StarvedPool))]
public sealed class StarvedPoolTests
{
    /// <summary>The runtime alone would add a thread each half second: four minutes for as many as are blocked here.</summary>
    private const int Blocked = 500;

    [Fact]
    public async Task EveryThreadOfThePoolBlocked_NoElection_AndWritesGoOnAsync()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var nodes = await TwoNodes.StartAsync(TimeSpan.FromSeconds(5), TwoNodes.ElectionTimeout);
        await WriteAsync(nodes, stop);
        var term = nodes.First.Group.GroupStatus().Term;
        using var release = new ManualResetEventSlim();
        for (var i = 0; i < Blocked; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static release => ((ManualResetEventSlim)release!).WaitHandle.WaitOne(), release);
        }

        try
        {
            // On a thread of its own: as work of the pool the test would be as blocked as everything else.
            var writes = new Thread(() =>
            {
                for (var i = 0; i < 20; i++)
                {
                    WriteAsync(nodes, stop).GetAwaiter().GetResult();
                }
            });
            writes.Start();
            writes.Join();
        }
        finally
        {
            release.Set();
        }

        Assert.Equal(term, nodes.First.Group.GroupStatus().Term);
        Assert.True(nodes.First.Cluster.IsLeader);
    }

    private static async Task WriteAsync(TwoNodes nodes, CancellationToken stop) =>
        await nodes.First.KeyValues.PutAsync(Caller.Nobody, new PutRequest { Key = "k"u8.ToArray(), Value = "v"u8.ToArray() }, stop);
}
