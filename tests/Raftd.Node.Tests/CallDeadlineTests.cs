using Raftd.Contract;

namespace Raftd.Node.Tests;

/// <summary>A call on keys ends when its token is cancelled, long before a request's own time limit: its caller gives the
/// request's bytes back to the connection then.</summary>
public sealed class CallDeadlineTests
{
    private static readonly TimeSpan RequestTimeLimit = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Calls_WithoutAMajority_EndWithTheirTokenAsync()
    {
        await using var nodes = await TwoNodes.StartAsync(RequestTimeLimit, TwoNodes.ElectionTimeout);
        await nodes.StopSecondAsync();
        var keys = nodes.First.KeyValues;
        var range = new RangeRequest { Key = "a"u8.ToArray() };
        await EndsAsync(token => keys.RangeAsync(Caller.Nobody, range, token));
        await EndsAsync(token => keys.TxnAsync(Caller.Nobody, new TxnRequest { Success = [new TxnOperation { Range = range }] }, token));
        await EndsAsync(token => keys.WaitAsync(
            Caller.Nobody, new WaitRequest { Key = range.Key, AfterRevision = 0, TimeLimit = RequestTimeLimit }, token));
        await EndsAsync(token => keys.PutAsync(Caller.Nobody, new PutRequest { Key = range.Key, Value = default }, token));
        await EndsAsync(token => keys.DeleteRangeAsync(Caller.Nobody, new DeleteRangeRequest { Key = range.Key }, token));
    }

    private static async Task EndsAsync<T>(Func<CancellationToken, ValueTask<T>> call)
    {
        using var end = new CancellationTokenSource();
        var answer = call(end.Token).AsTask();
        Assert.False(answer.IsCompleted);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer.WaitAsync(TimeSpan.FromMinutes(1)));
    }
}
