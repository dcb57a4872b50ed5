using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.Store.Lmdb;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Mvcc;

public sealed class MvccModelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 30)]
    [InlineData(3, 300)]
    public void RandomOperations_OnModelStore_AnswerAsTheModel(int seed, int keys) =>
        Run(seed, keys, steps: 3000, new TestStore(Options(seed)));

    [Fact]
    public void RandomOperations_OnFreshSeed_AnswerAsTheModel() =>
        Run(Environment.TickCount & 0xFFFF, keys: 20, steps: 3000, new TestStore(Options(0)));

    [Fact]
    public void RandomOperations_OnLmdb_AnswerAsTheModel()
    {
        using var directory = new TemporaryDirectory();
        Run(seed: 9, keys: 40, steps: 600, new TestStore(() => StateDirectory.Open(directory.Path), Options(1)));
    }

    private static StoreOptions Options(int seed) => new()
    {
        CacheBytes = seed % 2 == 0 ? 200 : 1 << 20,
        MaxDeletesPerFlush = seed % 2 == 0 ? 3 : 100,
    };

    private void Run(int seed, int keys, int steps, TestStore store)
    {
        output.WriteLine($"seed {seed}, {keys} keys");
        using var owned = store;
        var random = new Random(seed);
        var model = new MvccModel();
        for (var step = 0; step < steps; step++)
        {
            Step(random, keys, store, model, step);
            Assert.Equal(model.Revision, store.Revision);
            Compare(random, keys, store, model);
            if (step % 50 == 0)
            {
                Assert.Null(store.State.Audit());
            }
        }
    }

    private static string Key(Random random, int keys) => $"key-{random.Next(keys):D3}";

    private static void Step(Random random, int keys, TestStore store, MvccModel model, int step)
    {
        var dice = random.Next(100);
        if (dice < 50)
        {
            var key = Key(random, keys);
            var value = random.Next(20) == 0 ? new string('v', 5000) + step : $"value {step}";
            model.Put(key, value);
            Assert.Equal(model.Revision, store.Put(key, value).Revision);
        }
        else if (dice < 65)
        {
            var key = Key(random, keys);
            Assert.Equal(model.Delete(key, ""), store.Delete(key).Deleted);
        }
        else if (dice < 68)
        {
            var (low, high) = (Key(random, keys), Key(random, keys));
            Assert.Equal(model.Delete(low, high), store.Delete(low, high).Deleted);
        }
        else if (dice < 75)
        {
            var revision = model.CompactRevision + random.Next(-1, (int)(model.Revision - model.CompactRevision) + 2);
            var result = store.Compact(revision);
            Assert.Equal(model.Compact(revision), (result as ErrorResult)?.Error);
        }
        else if (dice < 90)
        {
            store.Flush();
        }
        else if (dice < 94)
        {
            // A crash between freezing and the commit of the flush.
            store.State.TryFreeze(out _);
            store.Restart();
        }
        else if (dice < 97)
        {
            store.Restart();
        }
    }

    private static void Compare(Random random, int keys, TestStore store, MvccModel model)
    {
        Assert.Equal(model.Now.Count, store.State.View().KeyCount);
        var low = Key(random, keys);
        var high = random.Next(3) switch { 0 => "", 1 => "\0", _ => Key(random, keys) };
        var revision = random.Next(2) == 0 ? 0 : random.Next(-2, (int)model.Revision + 3);
        var at = revision == 0 ? model.Revision : revision;
        if (at < 1 || at > model.Revision || at < model.CompactRevision)
        {
            var error = Assert.Throws<StoreException>(() => store.Range(low, high, revision == 0 ? at : revision));
            Assert.Equal(
                at < 0 ? ErrorCode.BadRequest : at > model.Revision ? ErrorCode.FutureRevision : ErrorCode.Compacted,
                error.Code);
            return;
        }

        var limit = random.Next(5);
        var expected = model.Range(low, high, at);
        var answer = store.Range(low, high, revision, limit);
        Assert.Equal(expected.Count, answer.Count);
        Assert.Equal(
            expected.Take(limit == 0 ? int.MaxValue : limit).Select(Text).ToList(),
            answer.Items.Select(Text).ToList());
        Assert.Equal(expected.Select(Text), Paged(random, store, low, high, revision, isDescending: false), StringComparer.Ordinal);
        expected.Reverse();
        Assert.Equal(expected.Select(Text), Paged(random, store, low, high, revision, isDescending: true), StringComparer.Ordinal);
        Assert.Equal(model.Versions(low), History(random, store, low));
    }

    /// <summary>The range step by step, of random sizes.</summary>
    private static List<string> Paged(Random random, TestStore store, string low, string high, long revision, bool isDescending)
    {
        var request = new KeyPageRequest
        {
            Key = TestStore.Bytes(low),
            RangeEnd = TestStore.Bytes(high),
            Revision = revision,
            IsDescending = isDescending,
            MaxValueBytes = int.MaxValue,
            MaxItems = random.Next(1, 6),
            MaxBytes = random.Next(1, 100),
            Counts = true,
        };
        var count = store.State.View().Page(request).Count;
        var items = new List<string>();
        for (KeyPageRequest? next = request; next is not null;)
        {
            var page = store.State.View().Page(next);
            Assert.InRange(page.Items.Count, page.Next is null ? 0 : 1, request.MaxItems);
            items.AddRange(page.Items.Select(Text));
            next = page.Next is null ? null : next.Behind(page);
        }

        Assert.Equal(count, items.Count);
        return items;
    }

    private static List<long> History(Random random, TestStore store, string key)
    {
        var request = new VersionPageRequest
        {
            Key = TestStore.Bytes(key),
            MaxValueBytes = int.MaxValue,
            MaxItems = random.Next(1, 4),
            MaxBytes = random.Next(1, 100),
        };
        var versions = new List<HistoryItem>();
        for (VersionPageRequest? next = request; next is not null;)
        {
            var page = store.State.View().Versions(next);
            versions.AddRange(page.Items);
            next = page.Next is null ? null : next with { From = page.Next };
        }

        Assert.All(versions, static version => Assert.Equal(version.IsDeletion, version.Version.Version == 0));
        return [.. versions.Select(static version => version.Version.ModRevision)];
    }

    private static string Text(KeyValue item) =>
        $"{Convert.ToHexString(item.Key.Span)}={Convert.ToHexString(item.Value.Span)} "
        + $"{item.CreateRevision} {item.ModRevision} {item.Version} {item.Lease}";
}
