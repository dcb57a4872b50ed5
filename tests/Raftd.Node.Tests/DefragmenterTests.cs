using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node.Replication;
using Raftd.Testing;
using Raftd.Testing.Buckets;

namespace Raftd.Node.Tests;

/// <summary>Defragmentation as it is asked for: one at a time, beside reads and writes, and its end told.</summary>
public sealed class DefragmenterTests(LoneNode lone, ITestOutputHelper output) : IClassFixture<LoneNode>
{
    private const int Keys = 300;

    private static readonly Caller Nobody = Caller.Nobody;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SecondCaller_IsRefused_UntilTheFirstHasItsAnswer()
    {
        using var directory = new ModelStateDirectory(new ModelStateDisk());
        using var defragmenter = new Defragmenter(directory, NullLogger.Instance);
        Assert.False(defragmenter.Step());
        var first = defragmenter.Request();
        Assert.True(defragmenter.Step());
        Assert.Equal(ErrorCode.TooManyRequests, Assert.Throws<StoreException>(() => { _ = defragmenter.Request(); }).Code);
        Assert.False(first.IsCompleted);
        while (defragmenter.Step())
        {
        }

        await first;
        var second = defragmenter.Request();
        defragmenter.Dispose();
        Assert.Equal(ErrorCode.NotReady, (await Assert.ThrowsAsync<StoreException>(() => second)).Code);
        Assert.Equal(ErrorCode.NotReady, Assert.Throws<StoreException>(() => { _ = defragmenter.Request(); }).Code);
    }

    /// <summary>The file shrinks under load, and nothing that was acknowledged is missing.</summary>
    [Fact]
    public async Task Member_UnderReadsAndWrites_GetsASmallerFile_AndLosesNothing()
    {
        for (var round = 0; round < 5; round++)
        {
            await WriteAllAsync(round, new string('x', 20_000));
        }

        await lone.Node.KeyValues.CompactAsync(
            Nobody, new CompactRequest { Revision = lone.Node.Cluster.Revision, AwaitDeletion = true }, Stop);
        await WriteAllAsync(5, "small");
        await lone.Node.KeyValues.CompactAsync(
            Nobody, new CompactRequest { Revision = lone.Node.Cluster.Revision, AwaitDeletion = true }, Stop);
        var before = lone.Node.Cluster.Status();

        var load = Task.Run(() => WriteAllAsync(6, "beside it"), Stop);
        for (var i = 0; i < 3; i++)
        {
            await lone.Node.Maintenance.DefragmentAsync(Nobody, Stop);
        }

        await load;
        var after = lone.Node.Cluster.Status();
        output.WriteLine($"{before.StateBytes} bytes before, {after.StateBytes} after, {after.StateBytesInUse} in use");
        Assert.InRange(after.StateBytes, after.StateBytesInUse, before.StateBytes / 4);
        var kept = await lone.Node.KeyValues.RangeAsync(
            Nobody, new RangeRequest { Key = "defrag/"u8.ToArray(), RangeEnd = "defrag0"u8.ToArray() }, Stop);
        Assert.Equal(Keys, kept.Items.Count);
        Assert.All(kept.Items, static item => Assert.Equal("6 beside it", Encoding.UTF8.GetString(item.Value.Span)));

        // What is on the disk, and not only what memory has.
        await Until.TrueAsync("all is flushed", () => lone.Node.Member!.State.FlushedIndex == lone.Node.Member.State.View().Applied.Index);
        Assert.Null(lone.Node.Member!.State.Audit());
    }

    private async Task WriteAllAsync(int round, string value)
    {
        for (var i = 0; i < Keys; i++)
        {
            var request = new PutRequest { Key = Encoding.UTF8.GetBytes($"defrag/{i:D4}"), Value = Encoding.UTF8.GetBytes($"{round} {value}") };
            await lone.Node.KeyValues.PutAsync(Nobody, request, Stop);
        }
    }
}
