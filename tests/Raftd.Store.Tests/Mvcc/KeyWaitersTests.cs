using Raftd.State.Views;

namespace Raftd.Store.Tests.Mvcc;

public sealed class KeyWaitersTests
{
    [Fact]
    public async Task Wait_NewerRevisionAlready_EndsAtOnceAsync()
    {
        using var store = new TestStore();
        store.Put("k", "v");
        await store.State.Waiters.WaitAsync(TestStore.Bytes("k"), afterRevision: 1, CancellationToken.None);
        Assert.Equal(0, store.State.Waiters.Count);
    }

    [Fact]
    public async Task PutOfTheKey_EndsTheWait_OfAnotherDoesNotAsync()
    {
        using var store = new TestStore();
        store.Put("k", "v");
        var wait = store.State.Waiters.WaitAsync(TestStore.Bytes("k"), 2, CancellationToken.None);
        store.Put("other", "v");
        Assert.False(wait.IsCompleted);
        store.Put("k", "w");
        await wait.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Wait_KeyIsDeleted_EndsAsync()
    {
        using var store = new TestStore();
        store.Put("k", "v");
        var wait = store.State.Waiters.WaitAsync(TestStore.Bytes("k"), 2, CancellationToken.None);
        store.Delete("k");
        await wait.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    /// <summary>The index has forgotten the key, so no change of it would ever end the wait.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DeletionThatWasCompacted_EndsTheWait_OfThoseWhoKnewTheKey(bool waitsBefore)
    {
        using var store = new TestStore();
        store.Put("k", "v");
        var before = waitsBefore ? store.State.Waiters.WaitAsync(TestStore.Bytes("k"), 2, CancellationToken.None) : Task.CompletedTask;
        store.Delete("k");
        store.Put("other", "1");
        store.Put("other", "2");
        store.Compact(5);
        while (store.State.CleanSome())
        {
        }

        store.State.Publish();
        await before.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await store.State.Waiters.WaitAsync(TestStore.Bytes("k"), 2, CancellationToken.None)
            .WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        // "Until it exists", and "since the deletion": nothing was missed.
        Assert.False(store.State.Waiters.WaitAsync(TestStore.Bytes("k"), 0, CancellationToken.None).IsCompleted);
        Assert.False(store.State.Waiters.WaitAsync(TestStore.Bytes("k"), 5, CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task Wait_Cancelled_LeavesNothingBehindAsync()
    {
        using var store = new TestStore();
        using var cancel = new CancellationTokenSource();
        var waits = Enumerable.Range(0, 100)
            .Select(i => store.State.Waiters.WaitAsync(TestStore.Bytes($"k{i % 3}"), 1, cancel.Token))
            .ToList();
        Assert.Equal(100, store.State.Waiters.Count);
        await cancel.CancelAsync();
        foreach (var wait in waits)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        }

        Assert.Equal(0, store.State.Waiters.Count);
    }

    [Fact]
    public async Task Wait_StateIsClosed_EndsAsync()
    {
        var store = new TestStore();
        var wait = store.State.Waiters.WaitAsync(TestStore.Bytes("k"), 1, CancellationToken.None);
        store.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    [Fact]
    public async Task WaitersAndWriter_Racing_MissNothingAsync()
    {
        using var store = new TestStore();
        var waiter = Task.Run(async () =>
        {
            var seen = 1L;
            while (seen < 3001)
            {
                await store.State.Waiters.WaitAsync(TestStore.Bytes("k"), seen, CancellationToken.None)
                    .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
                Assert.True(store.State.TryGet("k"u8, out KeyItem item) && item.ModRevision > seen);
                seen = item.ModRevision;
            }
        });
        for (var i = 0; i < 3000; i++)
        {
            store.Put("k", "v");
        }

        await waiter;
    }
}
