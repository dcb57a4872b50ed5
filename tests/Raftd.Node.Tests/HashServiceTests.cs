using System.Text;
using Raftd.Contract;
using Raftd.Node.Service;
using Raftd.State.Leading;
using Raftd.Store;
using Raftd.Testing;
using Raftd.Testing.Buckets;

namespace Raftd.Node.Tests;

/// <summary>The hashes by which an operator compares members.</summary>
public sealed class HashServiceTests
{
    private static readonly Caller Nobody = Caller.Nobody;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Members_OfOneCluster_HashTheSameHistoryAlike_AlsoBehindACompactionAndARestart()
    {
        await using var nodes = await TwoNodes.StartAsync(TimeSpan.FromSeconds(30), TwoNodes.ElectionTimeout);
        for (var i = 0; i < 200; i++)
        {
            await PutAsync(nodes.First, $"k{i % 40}", $"value {i}");
        }

        var revision = (await PutAsync(nodes.First, "last", "")).Revision;
        var whole = await BothAsync(nodes, revision);
        Assert.Equal((revision, 0L), (whole.HashedRevision, whole.CompactRevision));

        await nodes.First.KeyValues.CompactAsync(Nobody, new CompactRequest { Revision = 100 }, Stop);
        await nodes.StopSecondAsync();
        await nodes.StartSecondAsync();
        await Until.TrueAsync("the compaction is applied", () => nodes.Second.Cluster.Status().CompactRevision == 100);
        var compacted = await BothAsync(nodes, revision);
        Assert.Equal(100, compacted.CompactRevision);
        Assert.NotEqual(whole.Hash, compacted.Hash);
    }

    [Fact]
    public async Task Stored_OfOneMember_FollowsItsDisk()
    {
        using var directory = new ModelStateDirectory(new ModelStateDisk());
        using var state = StateMachine.Open(directory, new StoreOptions());
        Put(state, "1");
        Flush(state);
        var first = await StoredHash.ComputeAsync(state, clusterId: 1, Stop);
        Put(state, "2");
        Assert.Equal(first, await StoredHash.ComputeAsync(state, clusterId: 1, Stop));
        Flush(state);
        Assert.NotEqual(first, await StoredHash.ComputeAsync(state, clusterId: 1, Stop));
    }

    [Fact]
    public async Task Stored_WhileTheStoreMustGrow_EndsItsReaderAndIsRefused()
    {
        using var directory = new ModelStateDirectory(new ModelStateDisk());
        using var state = StateMachine.Open(directory, new StoreOptions());
        Put(state, "1");
        Flush(state);
        var store = (ModelBucketStore)directory.Current;
        store.AsksReadersToYield = true;
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await StoredHash.ComputeAsync(state, clusterId: 1, Stop));
        Assert.Equal((ErrorCode.TooManyRequests, 0), (refused.Code, store.OpenReaders));
    }

    [Fact]
    public async Task Queue_WithoutAPlace_MakesWait_AndRefusesBeyondThat()
    {
        using var queue = new WorkQueue("tests", atOnce: 1, maxWaiting: 1);
        var inside = await queue.EnterAsync(Stop);
        using var given = new CancellationTokenSource();
        var waiting = queue.EnterAsync(given.Token).AsTask();
        var beyond = queue.EnterAsync(Stop).AsTask();
        Assert.True(beyond.IsFaulted, $"{beyond.Status}");
        var refused = await Assert.ThrowsAsync<StoreException>(() => beyond);
        Assert.Equal(ErrorCode.TooManyRequests, refused.Code);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        var next = queue.EnterAsync(Stop).AsTask();
        Assert.False(next.IsCompleted);
        inside.Dispose();
        inside.Dispose();
        (await next).Dispose();
        (await queue.EnterAsync(Stop)).Dispose();
    }

    private static void Put(StateMachine state, string value)
    {
        var request = new PutRequest { Key = "k"u8.ToArray(), Value = Encoding.UTF8.GetBytes(value) };
        Assert.NotNull(state.Apply(state.Applied.Index + 1, term: 1, By.Nobody.Put(request)));
        state.Publish();
    }

    private static void Flush(StateMachine state)
    {
        Assert.True(state.TryFreeze(out var frozen));
        state.Flush(frozen);
    }

    private static async Task<HistoryHashResponse> BothAsync(TwoNodes nodes, long revision)
    {
        await Until.TrueAsync("both have applied it", () => nodes.Second.Cluster.Revision >= revision);
        var first = await nodes.First.Maintenance.HashHistoryAsync(Nobody, revision, Stop);
        Assert.Equal(first, await nodes.Second.Maintenance.HashHistoryAsync(Nobody, revision, Stop));
        return first;
    }

    private static async Task<PutResponse> PutAsync(RaftdNode node, string key, string value) => await node.KeyValues.PutAsync(
        Nobody, new PutRequest { Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes(value) }, Stop);
}
