using Raftd.Contract;
using Raftd.State.Views;
using Raftd.Store.Snapshots;
using Raftd.Testing.Buckets;

namespace Raftd.Store.Tests.Mvcc;

/// <summary>The hash that members are compared by: of what was applied, and of nothing that is each member's own.</summary>
public sealed class HistoryHasherTests(ITestOutputHelper output)
{
    private const int StepBytes = 300;

    /// <summary>One applies and no more; the other flushes, deletes a little at a time and starts again whenever chance says so.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(0)]
    public void Hash_OfTheSameHistory_IsTheSameOnEveryMember(int seed)
    {
        seed = seed != 0 ? seed : Environment.TickCount & 0xFFFFF;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var lazy = new TestStore(new StoreOptions { SliceKeys = 4 });
        using var busy = new TestStore(new StoreOptions { SliceKeys = 4, MaxDeletesPerFlush = 2 });
        var compared = 0;
        for (var step = 0; step < 1500; step++)
        {
            Write(random, lazy, busy);
            Disturb(random, busy);
            if (step % 5 == 0)
            {
                var view = busy.State.View();
                var revision = random.NextInt64(view.CompactRevision, view.Revision + 1);
                Assert.Equal(Hash(lazy, revision, stepBytes: 1 << 20), Hash(busy, revision, random.Next(1, 500)));
                compared++;
            }
        }

        Assert.True(busy.State.View().CompactRevision > 100, $"{compared} hashes, compacted is {busy.State.View().CompactRevision}");
        busy.Flush();
        using var installed = Installed(busy.State);
        Assert.Equal(Hash(lazy), Hash(installed.State.View, 0, StepBytes));
    }

    [Fact]
    public void Hash_AfterACompaction_DoesNotCountWhatIsNotDeletedYet()
    {
        using var store = new TestStore(new StoreOptions { MaxDeletesPerFlush = 1 });
        using var other = new TestStore();
        foreach (var each in new[] { store, other })
        {
            each.Put("a", "1");
            each.Put("b", "1");
            each.Delete("b");
            each.Put("a", "2");
            each.Put("a", "3");
            each.Compact(5);
        }

        store.Flush();
        for (var i = 0; i < 10; i++)
        {
            other.Flush();
        }

        Assert.True(Records(store) > Records(other), $"{Records(store)} and {Records(other)} records are stored");
        Assert.Equal(Hash(other), Hash(store));
        Assert.Equal(Hash(other, revision: 5), Hash(store, revision: 5));
        Assert.NotEqual(Hash(other).Hash, Hash(store, revision: 5).Hash);
    }

    /// <summary>What is not the same: a value, an overwritten one, a lease, a deletion, how a key came to its value.</summary>
    [Theory]
    [InlineData("a=1 a=2 b=3", "a=1 a=2 b=4")]
    [InlineData("a=1 a=2 b=3", "a=5 a=2 b=3")]
    [InlineData("a=1 a=2 b=3", "a=1 a=2 c=3")]
    [InlineData("a=1 a=2 b=3", "a=1 a! b=3")]
    [InlineData("a=1 a=2 b=", "a=1 a=2 a!")]
    public void Hash_OfAnotherHistory_IsAnother(string mine, string yours)
    {
        using var first = Written(mine);
        using var second = Written(yours);
        Assert.Equal(first.Revision, second.Revision);
        Assert.NotEqual(Hash(first).Hash, Hash(second).Hash);
    }

    [Fact]
    public void Step_ReadsItsShare_AndKeepsNoReader()
    {
        using var store = new TestStore();
        for (var i = 0; i < 40; i++)
        {
            store.Put($"k{i % 20:D2}", new string('v', 100));
        }

        store.Compact(30);
        store.Flush();
        var hasher = new HistoryHasher(store.State.View, revision: 0, StepBytes);
        var steps = 1;
        while (hasher.Step())
        {
            Assert.Equal(0, ((ModelBucketStore)store.Directory.Current).OpenReaders);
            steps++;
        }

        Assert.InRange(steps, 31 * 160 / (2 * StepBytes), int.MaxValue);
        Assert.Equal(Hash(store).Hash, hasher.Hash);
    }

    /// <summary>Writes go on; the hash is of the revision that it began with.</summary>
    [Fact]
    public void Writes_Meanwhile_AreNotHashed()
    {
        using var store = Written("a=1 b=2 c=3");
        var expected = Hash(store);
        var hasher = new HistoryHasher(store.State.View, revision: 0, stepBytes: 1);
        for (var i = 0; hasher.Step(); i++)
        {
            store.Put("a", $"{i}");
            store.Flush();
        }

        Assert.Equal(expected, (hasher.Revision, hasher.CompactRevision, hasher.Hash));
    }

    /// <summary>At each of its steps, a compaction takes what is not read yet: the work begins anew, and says where.</summary>
    [Fact]
    public void Compaction_Meanwhile_GivesTheHashFromTheNewRevisionOn()
    {
        const string History = "a=1 b=1 a=2 b=2 a=3 c=1 b! a=4";
        using var early = Written(History);
        early.Compact(4);
        using var late = Written(History);
        late.Compact(7);
        for (var at = 0; at < 12; at++)
        {
            using var store = Written(History);
            store.Compact(4);
            var hasher = new HistoryHasher(store.State.View, revision: 8, stepBytes: 1);
            for (var step = 0; hasher.Step(); step++)
            {
                if (step == at)
                {
                    store.Compact(7);
                    store.Flush();
                    store.Flush();
                }
            }

            var found = (hasher.Revision, hasher.CompactRevision, hasher.Hash);
            Assert.Contains(found, (IEnumerable<(long, long, ulong)>)[Hash(early, 8), Hash(late, 8)]);
        }
    }

    [Fact]
    public void Compactions_AfterEachStep_EndTheWork()
    {
        using var store = Written("a=1 b=1 a=2 b=2");
        var hasher = new HistoryHasher(store.State.View, revision: 0, stepBytes: 1);
        var refused = Assert.Throws<StoreException>(() =>
        {
            for (var i = 0; i == 0 || (i < 1000 && hasher.Step()); i++)
            {
                store.Put("a", "again");
                store.Compact(store.Revision);
            }
        });
        Assert.Equal(ErrorCode.TooManyRequests, refused.Code);
    }

    [Fact]
    public void Revision_ThatCannotBeRead_IsRefused()
    {
        using var store = Written("a=1 a=2 a=3");
        store.Compact(3);
        Assert.Equal(ErrorCode.Compacted, Refusal(2));
        Assert.Equal(ErrorCode.FutureRevision, Refusal(5));
        Assert.Equal((3, 3), (Hash(store, 3).Revision, Hash(store, 3).Compact));
        Assert.Equal(Hash(store, 4), Hash(store, 0));
        Assert.Equal(Hash(store, 4), Hash(store, -1));

        var hasher = new HistoryHasher(store.State.View, revision: 3, stepBytes: 1);
        store.Put("a", "4");
        store.Compact(5);
        Assert.Equal(ErrorCode.Compacted, Assert.Throws<StoreException>(() => hasher.Step()).Code);

        ErrorCode Refusal(long revision) => Assert.Throws<StoreException>(() => Hash(store, revision)).Code;
    }

    private static void Write(Random random, params TestStore[] stores)
    {
        var (kind, key, end, value) = (random.Next(12), $"k{random.Next(12):D2}", $"k{random.Next(12):D2}", new string('v', random.Next(60)));
        var view = stores[0].State.View();
        var compacted = random.NextInt64(view.CompactRevision + 1, Math.Max(view.CompactRevision + 2, view.Revision));
        foreach (var store in stores)
        {
            switch (kind)
            {
                case < 8:
                    store.Put(key, value);
                    break;
                case < 11:
                    store.Delete(key, end);
                    break;
                default:
                    store.Compact(compacted);
                    break;
            }
        }
    }

    private static void Disturb(Random random, TestStore store)
    {
        switch (random.Next(8))
        {
            case 0 or 1:
                store.Flush();
                break;
            case 2:
                store.State.CleanSome();
                store.State.Publish();
                break;
            case 3 when random.Next(4) == 0:
                store.Restart();
                break;
        }
    }

    private static TestStore Written(string history)
    {
        var store = new TestStore();
        foreach (var change in history.Split(' '))
        {
            if (change.EndsWith('!'))
            {
                store.Delete(change[..^1]);
            }
            else
            {
                store.Put(change[..1], change[2..]);
            }
        }

        return store;
    }

    /// <summary>Another member that got its state as a snapshot.</summary>
    private static TestStore Installed(StateMachine source)
    {
        var disk = new ModelStateDisk();
        return new TestStore(() =>
        {
            var directory = new ModelStateDirectory(disk);
            using var opened = source.OpenSnapshot(clusterId: 1);
            using var sender = new SnapshotSender(
                opened.Reader, opened.Meta, new SnapshotSenderOptions { ChunkBytes = 1000, Verify = StateMachine.VerifyPair });
            using var receiver = new SnapshotReceiver(directory.BeginInstall(), StateMachine.VerifySnapshot);
            var chunk = new System.Buffers.ArrayBufferWriter<byte>();
            while (sender.WriteNextChunk(chunk) == SnapshotSendResult.Chunk)
            {
            }

            receiver.Feed(chunk.WrittenSpan);
            receiver.Finish();
            directory.HandOverInstall();
            Assert.True(directory.TryCompleteInstall());
            return directory;
        });
    }

    private static (long Revision, long Compact, ulong Hash) Hash(TestStore store, long revision = 0, long stepBytes = StepBytes) =>
        Hash(store.State.View, revision, stepBytes);

    private static (long Revision, long Compact, ulong Hash) Hash(Func<StateView> view, long revision, long stepBytes)
    {
        var hasher = new HistoryHasher(view, revision, stepBytes);
        while (hasher.Step())
        {
        }

        return (hasher.Revision, hasher.CompactRevision, hasher.Hash);
    }

    private static long Records(TestStore store)
    {
        using var reader = store.Directory.Current.BeginRead();
        return reader.Count(Store.Buckets.Bucket.Revisions);
    }
}
