using System.Text;
using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Trees;
using Raftd.Store.Lmdb;
using Raftd.Store.Mvcc;
using Raftd.Testing;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Mvcc;

/// <summary>Cached values: what fills the cache, what it counts, and that both stay true whichever thread fills and empties it.</summary>
public sealed class ValueCacheTests
{
    private const int KeyCount = 200;
    private const int SharedLimit = 8000;
    private const int Readers = 4;

    [Fact]
    public void Cost_OfAnyLength_IsWhatTheArrayTakes() => Assert.All(
        new[] { 1, 7, 8, 9, 100, 4096 },
        length =>
        {
            const int Arrays = 100;
            var kept = new byte[Arrays][];
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Arrays; i++)
            {
                kept[i] = new byte[length];
            }

            Assert.Equal(Arrays * ValueCache.CostOf(length), GC.GetAllocatedBytesForCurrentThread() - before);
            GC.KeepAlive(kept);
        });

    [Fact]
    public void Read_OfWhatWasEvicted_FillsTheCache()
    {
        using var store = new TestStore(new StoreOptions { CacheBytes = 1000 });
        for (var i = 0; i < 500; i++)
        {
            store.Put($"key-{i:D4}", new string('v', 50));
        }

        store.Flush();
        foreach (var read in new Func<string, string?>[] { store.Get, key => Text(store.Range(key)) })
        {
            var cold = Enumerable.Range(0, 500).Select(i => $"key-{i:D4}").First(key => !IsCached(store, key));

            // The hand of the readers moves a few records on with each miss; it needs one round at most.
            for (var i = 0; i < 500 && !IsCached(store, cold); i++)
            {
                Assert.Equal(new string('v', 50), read(cold));
            }

            Assert.True(IsCached(store, cold), $"{cold} was read 500 times");
        }

        AssertCounted(store);
    }

    [Fact]
    public void Start_BeyondTheBudget_LeavesTheRestToReaders()
    {
        using var store = new TestStore(new StoreOptions { CacheBytes = 300 });
        store.Put("a", new string('a', 100));
        store.Put("b", new string('b', 100));
        store.Put("c", new string('c', 100));
        store.Flush();
        store.Restart();
        Assert.Equal(2, new[] { "a", "b", "c" }.Count(key => IsCached(store, key)));
        store.Delete("a");
        Assert.Equal(new string('c', 100), store.Get("c"));
        Assert.True(IsCached(store, "c"));
        AssertCounted(store);
    }

    [Fact]
    public void Restart_WithManyVersions_CachesTheNewest()
    {
        using var store = new TestStore(new StoreOptions { CacheBytes = 300 });
        for (var i = 0; i < 20; i++)
        {
            store.Put("a", new string('a', 100) + i);
        }

        store.Flush();
        store.Restart();
        Assert.True(IsCached(store, "a"));
        AssertCounted(store);
    }

    [Fact]
    public void Range_OfMany_FillsNothing()
    {
        using var store = new TestStore(new StoreOptions { CacheBytes = 300 });
        store.Put("a", new string('a', 200));
        store.Put("b", new string('b', 200));
        store.Delete("a");
        Assert.False(IsCached(store, "b"));
        Assert.Equal(2, store.Range("a", "c", revision: 3).Items.Count);
        Assert.Single(store.Range("a", "c").Items);
        Assert.False(IsCached(store, "b"));
        AssertCounted(store);
    }

    [Fact]
    public void Fill_RecordTheIndexHasLost_IsRefused()
    {
        using var store = new TestStore(new StoreOptions { CacheBytes = 1000 });
        store.Put("a", "old");
        var old = store.State.View();
        store.Put("a", "new");
        Assert.True(old.TryGet("a"u8, out var item));
        Assert.Equal("old", Encoding.UTF8.GetString(item.Value.Span));
        Assert.Null(Record(old, "a").CachedValue);
        AssertCounted(store);
    }

    [Fact]
    public void Put_Unpublished_LeavesTheOldValueCached()
    {
        using var store = new TestStore(new StoreOptions { CacheBytes = 1000 });
        store.Put("a", "old");
        store.Apply(By.Nobody.Put(new PutRequest { Key = TestStore.Bytes("a"), Value = TestStore.Bytes("new") }, 0), publish: false);
        Assert.True(IsCached(store, "a"));
        store.State.Publish();
        AssertCounted(store);
    }

    [Fact]
    public void Compaction_ValuesCached_MovesThem()
    {
        using var store = new TestStore(new StoreOptions { CacheBytes = 1 << 20 });
        for (var i = 0; i < 2000; i++)
        {
            store.Put($"key-{i % 1000:D4}", $"value-{i}");
        }

        store.Compact(store.Revision);
        while (store.Flush())
        {
            // Each cleans a part of the index, without an entry that would publish it.
            AssertCounted(store);
        }

        for (var i = 0; i < 1000; i++)
        {
            var record = Record(store.State.View(), $"key-{i:D4}");
            Assert.Equal((0, true), (record.PastCount, record.CachedValue is not null));
        }
    }

    [Fact]
    public void TakeOut_ByTwoAtOnce_IsDoneByOne()
    {
        var cache = new ValueCache(1000);
        var record = NewRecord(cache.Admit(new byte[10]));
        Assert.NotNull(record.EvictCached());
        Assert.Null(record.EvictCached());
        Assert.True(record.TrySetCached(new byte[10]));
        Assert.False(record.TrySetCached(new byte[10]));
        Assert.NotNull(record.RetireCached());
        Assert.Null(record.RetireCached());
        Assert.Null(record.EvictCached());
        Assert.False(record.TrySetCached(new byte[10]));
        Assert.Null(record.CachedValue);
    }

    [Fact]
    public void Admit_BeyondTheLimit_Stops()
    {
        var cache = new ValueCache(100);
        Assert.NotNull(cache.Admit(new byte[40]));
        Assert.Null(cache.Admit(new byte[16]));
        Assert.Null(cache.Admit(new byte[ValueCache.MaxValueBytes + 1]));
        Assert.Equal(64, cache.CountedBytes);
        Assert.NotNull(cache.Admit(new byte[8]));
        Assert.Equal(96, cache.CountedBytes);
    }

    /// <summary>Readers fill and evict, with views of all ages, while the writer replaces, deletes, compacts and flushes.</summary>
    [Fact]
    public async Task Count_ManyThreads_IsWhatTheIndexHolds()
    {
        using var directory = new TemporaryDirectory();
        using var store = new TestStore(() => StateDirectory.Open(directory.Path), new StoreOptions { CacheBytes = SharedLimit });
        var random = new Random(1);
        for (var i = 0; i < KeyCount; i++)
        {
            PutAtRandom(store, i, random);
        }

        using var stop = new CancellationTokenSource();
        var reads = new int[Readers];
        var readers = Enumerable.Range(0, Readers)
            .Select(number => Task.Run(() => ReadAtRandom(store, new Random(number), () => Interlocked.Increment(ref reads[number]), stop.Token)))
            .ToArray();
        for (var i = 0; i < 4000 || reads.Min() < 4000; i++)
        {
            ChangeAtRandom(store, random);
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        store.State.Publish();
        AssertCounted(store);
        Assert.InRange(store.State.View().Epoch.Cache.CountedBytes, 1, SharedLimit);
        Assert.Null(store.State.Audit());
    }

    [Fact]
    public void Range_WithABoundOnValues_LeavesLargerOnesOut()
    {
        using var store = new TestStore();
        store.Put("a", "four");
        store.Put("b", "five5");
        store.Put("a", "newer-than-that");
        foreach (var revision in new[] { 3, 4 })
        {
            var items = store.State.Range(new RangeRequest
            {
                Key = TestStore.Bytes("a"),
                RangeEnd = TestStore.Bytes("c"),
                Revision = revision,
                MaxValueBytes = 4,
            }).Items;
            Assert.Equal(revision == 3 ? "four" : "", Encoding.UTF8.GetString(items[0].Value.Span));
            Assert.Equal(revision == 3 ? 4 : 15, items[0].ValueBytes);
            Assert.Equal((0, 5), (items[1].Value.Length, items[1].ValueBytes));
        }
    }

    private static string NumberedKey(int number) => $"key-{number:D3}";

    private static void PutAtRandom(TestStore store, int number, Random random) =>
        store.Put(NumberedKey(number), $"{NumberedKey(number)}{new string('v', random.Next(300))}");

    private static void ChangeAtRandom(TestStore store, Random random)
    {
        switch (random.Next(20))
        {
            case 0:
                store.Delete(NumberedKey(random.Next(KeyCount)));
                break;
            case 1:
                store.Compact(store.Revision - random.Next(3));
                break;
            case 2 or 3:
                store.Flush();
                break;
            default:
                PutAtRandom(store, random.Next(KeyCount), random);
                break;
        }
    }

    private static void ReadAtRandom(TestStore store, Random random, Action onRead, CancellationToken stop)
    {
        var view = store.State.View();
        while (!stop.IsCancellationRequested)
        {
            // Old views on purpose; the newest from time to time.
            view = random.Next(10) == 0 ? store.State.View() : view;
            var key = NumberedKey(random.Next(KeyCount));
            try
            {
                if (view.TryGet(TestStore.Bytes(key), out var item))
                {
                    Assert.StartsWith(key, Encoding.UTF8.GetString(item.Value.Span), StringComparison.Ordinal);
                }
            }
            catch (StoreException gone) when (gone.Code == ErrorCode.Compacted)
            {
                view = store.State.View();
            }

            // What is counted for a moment and not kept: one value for each reader.
            Assert.InRange(
                view.Epoch.Cache.CountedBytes, 0, SharedLimit + ((Readers + 1) * ValueCache.CostOf(ValueCache.MaxValueBytes)));
            onRead();
        }
    }

    private static string? Text(RangeResponse answer) => Encoding.UTF8.GetString(answer.Items.Single().Value.Span);

    private static KeyRecord Record(StateView view, string key) => view.Index.Find(new BytesProbe(TestStore.Bytes(key)))!;

    private static bool IsCached(TestStore store, string key) => Record(store.State.View(), key).CachedValue is not null;

    private static void AssertCounted(TestStore store)
    {
        var view = store.State.View();
        var held = 0L;
        var scan = view.Index.All();
        while (scan.MoveNext())
        {
            held += scan.Item.CachedValue is { } cached ? ValueCache.CostOf(cached.Length) : 0;
        }

        Assert.Equal(held, view.Epoch.Cache.CountedBytes);
        Assert.InRange(held, 0, view.Epoch.Cache.LimitBytes);
    }

    private static KeyRecord NewRecord(byte[]? cached) => new()
    {
        Key = [1],
        Revision = new Revision(2, 0),
        CreateRevision = 2,
        Version = 1,
        Lease = 0,
        ValueBytes = 10,
        Flags = KeyFlags.None,
        CachedValue = cached,
    };
}
