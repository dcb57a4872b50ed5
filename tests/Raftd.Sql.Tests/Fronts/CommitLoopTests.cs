using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.Sql.Tests.Memory;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.Testing.Clocks;

namespace Raftd.Sql.Tests.Fronts;

/// <summary>The commit loop, stepped.</summary>
public sealed class CommitLoopTests : IDisposable
{
    private readonly MemoryDatabase _database = new();
    private readonly ManualTime _time = new();

    private static CommandFactory Commands => new(Caller.Nobody, FeatureLevel.Newest);

    public void Dispose() => _database.Dispose();

    [Fact]
    public async Task RefusedForTheQuota_InAnEvaluationThatFails_IsNotToldSo()
    {
        using var other = LoopOver(_database, quotaBytes: 10_000);
        await DoAsync(other, Put("large", 500));
        var failures = 1;
        using var loop = LoopOver(FailingCalls.Of(_database, call => call == nameof(ISnapshot.LiveIn) && failures-- > 0), quotaBytes: 600);
        var refused = loop.ProposeAsync(Put("refused", 100));
        var deleted = loop.ProposeAsync(Commands.DeleteRange(new DeleteRangeRequest { Key = Bytes("a"), RangeEnd = Bytes("b") }));
        loop.Step();
        Assert.False(refused.IsCompleted || deleted.IsCompleted);

        await DoAsync(other, Commands.DeleteRange(new DeleteRangeRequest { Key = Bytes("large") }));
        _time.Seconds(1);
        await UntilDoneAsync(loop, refused);
        Assert.Equal("refused", Encoding.UTF8.GetString(Assert.Single(_database.Tables.Keys).Key));
    }

    [Fact]
    public async Task Write_BehindTheEndOfTheLog_IsRefused_OnEveryFront()
    {
        var row = new BucketRow(2, "bucket", 2, default, Seq: 1, Leader: 0, Revision: 1, KeyCount: 0);
        using var session = _database.Open();
        Assert.True(session.AddBucket(row, LogRow.First));
        var bucket = _database.OfBucket(row);
        using var first = LoopOver(bucket, quotaBytes: 10_000);
        using var second = LoopOver(bucket, quotaBytes: 10_000);
        await StepUntilAsync(first, first.RemoveBucketAsync(force: false));

        var late = second.ProposeAsync(Put("late", 1));
        await StepUntilAsync(second, late);

        Assert.Equal(ErrorCode.BucketNotFound, (await late).Refusal!.Code);
        using var own = bucket.Open();
        Assert.Equal([false, true], own.LogFrom(1, 9).Select(static written => written.IsEnd));
    }

    [Fact]
    public async Task Batch_OfKeysThatAreKnown_CostsItsCommitAlone()
    {
        var looks = 0;
        using var loop = LoopOver(
            FailingCalls.Of(_database, call => call == nameof(ISession.Snapshot) && ++looks < 0), quotaBytes: 10_000);
        await DoAsync(loop, Put("a", 1));
        var before = looks;
        await DoAsync(loop, Put("a", 2));
        await DoAsync(loop, Commands.DeleteRange(new DeleteRangeRequest { Key = Bytes("a") }));
        await DoAsync(loop, Put("a", 3));
        Assert.Equal(before, looks);
        Assert.Equal(3, Assert.Single(_database.Tables.Keys).Value.ValueBytes);
    }

    [Fact]
    public async Task AnswerWithoutACommit_OfKeysThatAreKnown_IsOfTheDatabase()
    {
        using var loop = LoopOver(_database, quotaBytes: 10_000);
        using var other = LoopOver(_database, quotaBytes: 10_000);
        await DoAsync(loop, Put("a", 1));
        await DoAsync(other, Put("a", 2));

        var newest = _database.Tables.Last.Revision;
        var conditional = Commands.Put(new PutRequest
        {
            Key = Bytes("a"),
            Value = new byte[3],
            Condition = new Precondition { ModRevisions = [newest] },
        });
        await DoAsync(loop, conditional);
        Assert.Equal(3, Assert.Single(_database.Tables.Keys).Value.ValueBytes);
    }

    [Fact]
    public async Task Quota_ThatOthersHaveFreed_RefusesNothing()
    {
        using var loop = LoopOver(_database, quotaBytes: 2000);
        using var other = LoopOver(_database, quotaBytes: 2000);
        await DoAsync(loop, Put("large", 1500));
        await DoAsync(loop, Commands.DeleteRange(new DeleteRangeRequest { Key = Bytes("next") }));
        await DoAsync(other, Commands.DeleteRange(new DeleteRangeRequest { Key = Bytes("large") }));

        var next = loop.ProposeAsync(Put("next", 1500));
        var small = loop.ProposeAsync(Put("large", 1));
        await UntilDoneAsync(loop, next);
        await UntilDoneAsync(loop, small);
    }

    private static ReadOnlyMemory<byte> Put(string key, int valueBytes) =>
        Commands.Put(new PutRequest { Key = Bytes(key), Value = new byte[valueBytes] });

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static Task DoAsync(CommitLoop loop, ReadOnlyMemory<byte> command) => UntilDoneAsync(loop, loop.ProposeAsync(command));

    private static async Task UntilDoneAsync(CommitLoop loop, Task<ProposalOutcome> proposed)
    {
        await StepUntilAsync(loop, proposed);
        Assert.Equal(ProposalEnd.Applied, (await proposed).End);
    }

    private static async Task StepUntilAsync(CommitLoop loop, Task ended)
    {
        for (var steps = 0; !ended.IsCompleted; steps++)
        {
            Assert.InRange(steps, 0, 10);
            loop.Step();
        }

        await ended;
    }

    private CommitLoop LoopOver(IDatabase database, long quotaBytes)
    {
        var start = FrontLoader.Load(database);
        return new CommitLoop(
            database, self: 1, start, new FrontBoard(database, start), new FrontOptions { QuotaBytes = quotaBytes }, _time, new Random(1),
            NullLogger.Instance);
    }
}
