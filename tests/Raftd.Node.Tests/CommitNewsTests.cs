using System.Diagnostics;
using Raftd.Contract;

namespace Raftd.Node.Tests;

/// <summary>A commit that no further entries carry to the followers still reaches them about a millisecond later.</summary>
public sealed class CommitNewsTests
{
    private const int Writes = 31;

    // Told with heartbeats alone, every write is seen a whole heartbeat later: each begins just behind one.
    private static readonly TimeSpan HalfAHeartbeat = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Write_ClusterAtRest_IsAppliedAtTheFollowerBeforeTheNextHeartbeatAsync()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var nodes = await TwoNodes.StartAsync(TimeSpan.FromSeconds(5), TwoNodes.ElectionTimeout);
        var took = new List<TimeSpan>();
        for (var i = 0; i < Writes; i++)
        {
            var written = await nodes.First.KeyValues.PutAsync(Caller.Nobody, new PutRequest { Key = "k"u8.ToArray(), Value = "v"u8.ToArray() }, stop);
            var started = Stopwatch.GetTimestamp();
            while (nodes.Second.Cluster.Revision < written.Revision)
            {
                await Task.Yield();
            }

            took.Add(Stopwatch.GetElapsedTime(started));
        }

        // The middle one: a busy machine delays some of them by as much as it likes.
        took.Sort();
        Assert.InRange(took[Writes / 2], TimeSpan.Zero, HalfAHeartbeat);
    }
}
