using Raftd.State.Trees;

namespace Raftd.Store.Tests.Mvcc;

public sealed class CowTreeTests
{
    [Theory]
    [InlineData(1, 20)]
    [InlineData(2, 300)]
    [InlineData(3, 5000)]
    [InlineData(4, 40000)]
    [Trait("Speed", "Slow")]
    public void RandomOperations_AgainstSortedDictionary_SameContentAndOldSnapshotsStay(int seed, int keys)
    {
        var random = new Random(seed);
        var tree = new CowTree<long, Item>();
        var model = new SortedDictionary<long, Item>();
        var kept = new List<(CowSnapshot<long, Item> Snapshot, (long, Item)[] Content)>();
        for (var step = 0; step < 60_000; step++)
        {
            var key = random.Next(keys);
            // Waves of growth and of removal, so that nodes split and join.
            if (random.Next(100) < (step / 15_000 % 2 == 0 ? 75 : 25))
            {
                var item = new Item(random.Next(2));
                Assert.Same(model.GetValueOrDefault(key), tree.Set(new NumberProbe(key), key, item));
                model[key] = item;
            }
            else
            {
                Assert.Same(model.GetValueOrDefault(key), tree.Remove(new NumberProbe(key)));
                model.Remove(key);
            }

            if (random.Next(500) == 0)
            {
                var snapshot = tree.Freeze();
                Check(snapshot, model, random.Next(keys));
                if (kept.Count < 8)
                {
                    kept.Add((snapshot, model.Select(pair => (pair.Key, pair.Value)).ToArray()));
                }
            }
        }

        foreach (var (snapshot, content) in kept)
        {
            Assert.Equal(content, Content(snapshot.All()));
        }
    }

    [Fact]
    public void Ascending_ThenAllRemoved_IsEmpty()
    {
        var tree = new CowTree<long, Item>();
        for (var key = 0L; key < 10_000; key++)
        {
            tree.Set(new NumberProbe(key), key, new Item(1));
        }

        Assert.Equal(10_000, tree.Working.Weight);
        Assert.Equal(1234, tree.Working.WeightBefore(new NumberProbe(1234)));
        for (var key = 0L; key < 10_000; key++)
        {
            Assert.NotNull(tree.Remove(new NumberProbe(key)));
        }

        Assert.Equal(0, tree.Working.Weight);
        Assert.False(tree.Working.All().MoveNext());
    }

    private static void Check(CowSnapshot<long, Item> snapshot, SortedDictionary<long, Item> model, long from)
    {
        Assert.Equal(model.Values.Sum(item => item.Weight), snapshot.Weight);
        Assert.Equal(
            model.Where(pair => pair.Key < from).Sum(pair => pair.Value.Weight),
            snapshot.WeightBefore(new NumberProbe(from)));
        Assert.Equal(
            model.Where(pair => pair.Key >= from).Select(pair => (pair.Key, pair.Value)),
            Content(snapshot.From(new NumberProbe(from))));
        Assert.Equal(
            model.Where(pair => pair.Key < from).Select(pair => (pair.Key, pair.Value)).Reverse(),
            Content(snapshot.BackFrom(new NumberProbe(from))));
        Assert.Equal(model.Select(pair => (pair.Key, pair.Value)).Reverse(), Content(snapshot.AllBack()));
        Assert.Same(model.GetValueOrDefault(from), snapshot.Find(new NumberProbe(from)));
    }

    private static (long, Item)[] Content(CowScan<long, Item> scan)
    {
        var content = new List<(long, Item)>();
        while (scan.MoveNext())
        {
            content.Add((scan.Key, scan.Item));
        }

        return [.. content];
    }

    private static (long, Item)[] Content(CowBackScan<long, Item> scan)
    {
        var content = new List<(long, Item)>();
        while (scan.MoveNext())
        {
            content.Add((scan.Key, scan.Item));
        }

        return [.. content];
    }

    private sealed class Item(int weight) : IWeighted
    {
        public int Weight => weight;
    }
}
