using System.Text;
using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.Store.Buckets;
using Raftd.Testing;
using Raftd.Testing.Buckets;

namespace Raftd.Store.Tests.Mvcc;

public sealed class ChangeReaderTests(ITestOutputHelper output)
{
    private readonly List<string> _written = [];

    /// <summary>Any part of them may be active, frozen or stored: the changes are all there, once and in order.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Changes_FromAnyRevision_AreThoseThatWereWritten(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var store = new TestStore(new StoreOptions { MaxDeletesPerFlush = 3, SliceKeys = 4 });
        for (var step = 0; step < 800; step++)
        {
            Step(random, store);
            Compare(random, store);
        }

        Assert.True(store.State.View().CompactRevision > 1);
    }

    [Fact]
    public void Changes_BelowTheCompactRevision_AreRefusedAndAtItComplete()
    {
        using var store = new TestStore();
        store.Put("a", "1");
        store.Put("a", "2");
        store.Delete("a");
        store.Compact(4);
        store.Flush();

        var error = Assert.Throws<StoreException>(() => store.State.View().Changes(new Revision(3, 0), 1000));
        Assert.Equal(ErrorCode.Compacted, error.Code);
        Assert.True(Assert.Single(store.State.View().Changes(new Revision(4, 0), 1000).Changes).IsTombstone);
        Assert.Empty(store.State.View().Changes(new Revision(5, 0), 1000).Changes);
    }

    /// <summary>Before its commit a flush is in memory alone, and behind it in the store as well.</summary>
    [Fact]
    public void Changes_InTheMiddleOfAFlush_AreThereOnce()
    {
        TestStore? store = null;
        var looks = 0;
        var disk = new ModelStateDisk();
        using var owned = store = new TestStore(() => new ModelStateDirectory(disk, opened => opened.OnWrite = _ =>
        {
            looks++;
            Assert.Equal(_written, ReadAll(store!.State.View(), from: 2, maxBytes: 1000));
        }));
        Put(store, "a", "1");
        store.Flush();
        Put(store, "b", "2");
        Assert.True(store.State.TryFreeze(out var frozen));
        Put(store, "a", "3");

        store.State.Flush(frozen);

        Assert.Equal(2 * Enum.GetValues<ModelWriteMoment>().Length, looks);
    }

    [Fact]
    public void Changes_OfWhatIsNotPublished_AreNotShown()
    {
        using var store = new TestStore();
        store.Put("a", "1");
        store.Apply(By.Nobody.Put(new PutRequest { Key = "b"u8.ToArray(), Value = "2"u8.ToArray() }), publish: false);
        Assert.Single(store.State.View().Changes(new Revision(2, 0), 1000).Changes);
    }

    /// <summary>A change that is gone is never passed over in silence: a watcher would miss it for ever.</summary>
    [Fact]
    public void Changes_OneIsLost_IsDamage()
    {
        var disk = new ModelStateDisk();
        using var store = new TestStore(() => new ModelStateDirectory(disk));
        for (var i = 0; i < 5; i++)
        {
            store.Put($"k{i}", "v");
        }

        store.Flush();
        var lost = new byte[Revision.EncodedBytes];
        new Revision(4, 0).WriteTo(lost);
        store.Directory.Current.Write(writer => writer.Delete(Bucket.Revisions, lost));

        BucketStoreException? damage = null;
        store.State.Damaged = met => damage = met;
        Assert.Equal(
            ErrorCode.NotReady,
            Assert.Throws<StoreException>(() => store.State.View().Changes(new Revision(2, 0), 1000)).Code);
        Assert.Equal(BucketStoreFault.Corrupt, damage?.Fault);
    }

    private void Step(Random random, TestStore store)
    {
        var key = $"k{random.Next(12):D2}";
        switch (random.Next(12))
        {
            case < 5:
                Put(store, key, new string('v', random.Next(60)));
                break;
            case 5 or 6:
                Delete(store, key, $"k{random.Next(12):D2}");
                break;
            case 7 or 8:
                store.Flush();
                break;
            case 9:
                store.State.TryFreeze(out _);
                break;
            case 10 when store.State.View() is var view && view.Revision > view.CompactRevision:
                store.Compact(random.NextInt64(view.CompactRevision + 1, view.Revision + 1));
                break;
            default:
                store.Restart();
                break;
        }
    }

    private void Put(TestStore store, string key, string value)
    {
        store.Put(key, value);
        _written.Add($"{store.Revision}.0 {key}={value}");
    }

    /// <summary>All keys of one deletion have one revision and differ by sub, in the order of the keys.</summary>
    private void Delete(TestStore store, string low, string high)
    {
        var doomed = store.Range(low, high).Items.Select(static item => Encoding.UTF8.GetString(item.Key.Span)).ToList();
        store.Delete(low, high);
        _written.AddRange(doomed.Select((key, sub) => $"{store.Revision}.{sub} {key} deleted"));
    }

    private void Compare(Random random, TestStore store)
    {
        var view = store.State.View();
        var from = random.NextInt64(Math.Max(2, view.CompactRevision), view.Revision + 2);
        var expected = _written.Where(line => long.Parse(line[..line.IndexOf('.', StringComparison.Ordinal)]) >= from);
        Assert.Equal(expected.ToList(), ReadAll(view, from, maxBytes: random.Next(1, 1000)));
    }

    private static List<string> ReadAll(StateView view, long from, long maxBytes)
    {
        var read = new List<string>();
        for (Revision? next = new Revision(from, 0); next is { } at;)
        {
            var page = view.Changes(at, maxBytes);
            Assert.True(page.Changes.Count <= 1 || page.Changes.Sum(static change => change.LogicalBytes) <= maxBytes);
            read.AddRange(page.Changes.Select(Text));
            next = page.Next;
        }

        return read;
    }

    private static string Text(RevisionRecord change)
    {
        var key = Encoding.UTF8.GetString(change.Key);
        return $"{change.Revision} {key}{(change.IsTombstone ? " deleted" : $"={Encoding.UTF8.GetString(change.Value)}")}";
    }
}
