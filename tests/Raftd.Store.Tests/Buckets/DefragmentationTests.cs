using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing.Buckets;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Buckets;

/// <summary>The store moves into a smaller file while it is read and written; a crash leaves one of the two, whole.</summary>
public sealed class DefragmentationTests(ITestOutputHelper output) : IDisposable
{
    private const int StepBytes = 3000;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void File_WithMuchDeleted_Shrinks_AndHoldsWhatItHeld()
    {
        using var directory = Open();
        var store = directory.Current;
        Fill(store, pairs: 4000, valueBytes: 500);
        store.Write(static writer => writer.DeleteRange(Bucket.Revisions, [], [], maxPairs: 3600));
        var expected = store.Dump();
        var before = store.SizeBytes;

        Run(directory);

        output.WriteLine($"{before} bytes before, {store.SizeBytes} after, {store.UsedBytes} in use");
        Assert.InRange(store.SizeBytes, 1, before / 4);
        Assert.Same(store, directory.Current);
        Assert.Equal(expected, store.Dump());
        Assert.Equal(["data.mdb", "lock.mdb", "store.lock"], Names("state"));
        Assert.False(Directory.Exists(_directory.At("state.defragmenting")));

        store.Put(Bucket.Meta, [9], [9]);
        directory.Dispose();
        using var again = Open();
        Assert.Equal([9], again.Current.Get(Bucket.Meta, [9]));
        Assert.Equal(expected, WithoutMeta(again.Current));
    }

    /// <summary>Any write between any two steps: below the copied part, above it, or on its edge.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(0)]
    public void Writes_BetweenTheSteps_AreAllInTheNewFile(int seed)
    {
        seed = seed != 0 ? seed : Environment.TickCount & 0xFFFFF;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var directory = Open();
        using var model = new ModelBucketStore();
        for (var i = 0; i < 300; i++)
        {
            Write(random, directory.Current, model);
        }

        for (var round = 0; round < 3; round++)
        {
            // The writes leave about 10 kB: many steps, whatever the seed.
            directory.DefragmentationStepBytes = random.Next(1, 500);
            using var running = directory.BeginDefragmentation(static (_, _, _) => { });
            var steps = 0;
            do
            {
                for (var i = random.Next(4); i > 0; i--)
                {
                    Write(random, directory.Current, model);
                }

                steps++;
            }
            while (running.Step());

            Assert.True(steps > 3, $"{steps} steps");
            Assert.Equal(model.Dump(), directory.Current.Dump());
            Write(random, directory.Current, model);
        }

        directory.Dispose();
        using var again = Open();
        Assert.Equal(model.Dump(), again.Current.Dump());
    }

    [Fact]
    public void Reader_ThatIsOpen_KeepsItsFile_AndIsAskedToEnd()
    {
        using var directory = Open();
        directory.Current.Put(Bucket.Leases, [1], [1]);
        var reader = directory.Current.BeginRead();
        Run(directory);
        directory.Current.Put(Bucket.Leases, [1], [2]);

        Assert.True(reader.MustYield);
        Assert.True(reader.TryGet(Bucket.Leases, [1], out var value));
        Assert.Equal([1], value.ToArray());
        Assert.Equal([2], directory.Current.Get(Bucket.Leases, [1]));
        Assert.Equal(BucketStoreFault.ReadersOpen, Assert.Throws<BucketStoreException>(() => Run(directory)).Fault);
        directory.BeginInstall().Put(Bucket.Leases, [1], [3]);
        Assert.False(directory.TryCompleteInstall());

        reader.Dispose();
        Run(directory);
        Assert.Equal([2], directory.Current.Get(Bucket.Leases, [1]));
        Assert.True(directory.TryCompleteInstall());
        Assert.Equal([3], directory.Current.Get(Bucket.Leases, [1]));
    }

    /// <summary>The files as they are after each step, opened by another process.</summary>
    [Fact]
    public void Crash_AfterAnyStep_LeavesTheStoreWhole()
    {
        using var directory = Open();
        Fill(directory.Current, pairs: 50, valueBytes: 200);
        var expected = directory.Current.Dump();
        var crashed = new List<DefragmentationStep>();
        directory.OnDefragmentation = step =>
        {
            var left = _directory.At($"crash-{step}");
            Copy(_directory.Path, left);
            using var opened = StateDirectory.Open(left);
            Assert.Equal(expected, opened.Current.Dump());
            Assert.False(Directory.Exists(Path.Combine(left, "state.defragmenting")));
            crashed.Add(step);
        };

        Run(directory);

        Assert.Equal(Enum.GetValues<DefragmentationStep>(), crashed);
    }

    [Theory]
    [InlineData(nameof(DefragmentationStep.Copied), false)]
    [InlineData(nameof(DefragmentationStep.Synced), false)]
    [InlineData(nameof(DefragmentationStep.Renamed), true)]
    [InlineData(nameof(DefragmentationStep.DirectorySynced), true)]
    public void Failure_BeforeTheSwitch_ChangesNothing_AndInItIsInDoubt(string at, bool isInDoubt)
    {
        using var directory = Open();
        directory.Current.Put(Bucket.Leases, [1], [1]);
        var running = directory.BeginDefragmentation(static (_, _, _) => { });
        directory.OnDefragmentation = step =>
        {
            if (step.ToString() == at)
            {
                throw new BucketStoreException(BucketStoreFault.Full, "no room");
            }
        };
        Assert.Throws<BucketStoreException>(() => running.Step());
        Assert.Equal(isInDoubt, running.IsInDoubt);
        if (isInDoubt)
        {
            return;
        }

        running.Dispose();
        Assert.False(Directory.Exists(_directory.At("state.defragmenting")));
        directory.Current.Put(Bucket.Leases, [2], [2]);
        directory.OnDefragmentation = static _ => { };
        Run(directory);
        Assert.Equal("Leases 01=01\nLeases 02=02\n", directory.Current.Dump());
    }

    [Fact]
    public void Pair_ThatIsDamaged_IsNotCopied()
    {
        using var directory = Open();
        directory.Current.Put(Bucket.Leases, [1], [1]);
        using var running = directory.BeginDefragmentation(StateMachine.VerifyPair);
        Assert.Equal(BucketStoreFault.Corrupt, Assert.Throws<BucketStoreException>(() => running.Step()).Fault);
    }

    /// <summary>Failure 35 of docs/failures.md: two switches at once.</summary>
    [Fact]
    public void Install_Meanwhile_EndsTheDefragmentation()
    {
        using var directory = Open();
        Fill(directory.Current, pairs: 100, valueBytes: 200);
        directory.DefragmentationStepBytes = StepBytes;
        using var running = directory.BeginDefragmentation(static (_, _, _) => { });
        Assert.True(running.Step());
        directory.BeginInstall().Put(Bucket.Meta, [7], [7]);
        Assert.True(directory.TryCompleteInstall());

        Assert.Equal(BucketStoreFault.ReadersOpen, Assert.Throws<BucketStoreException>(() => running.Step()).Fault);
        Assert.Equal("Meta 07=07\n", directory.Current.Dump());
        Run(directory);
        Assert.Equal("Meta 07=07\n", directory.Current.Dump());
    }

    [Fact]
    public void Directory_ClosedInTheMiddle_LeavesNothingOfIt()
    {
        using (var directory = Open())
        {
            Fill(directory.Current, pairs: 100, valueBytes: 200);
            directory.DefragmentationStepBytes = StepBytes;
            Assert.True(directory.BeginDefragmentation(static (_, _, _) => { }).Step());
        }

        Assert.False(Directory.Exists(_directory.At("state.defragmenting")));
        using var again = Open();
        using var reader = again.Current.BeginRead();
        Assert.Equal(100, reader.Count(Bucket.Revisions));
    }

    /// <summary>One thread writes and copies, others read all the time: each reader sees one whole batch.</summary>
    [Fact]
    public async Task Readers_OnOtherThreads_NeverSeeHalfABatch()
    {
        using var directory = Open();
        directory.DefragmentationStepBytes = StepBytes;
        using var ended = new CancellationTokenSource();
        Fill(directory.Current, pairs: 200, valueBytes: 200);
        Batch(directory.Current, 0);
        var reads = 0L;
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(
            () =>
            {
                while (!ended.IsCancellationRequested)
                {
                    using var reader = directory.Current.BeginRead();
                    Assert.True(reader.TryGet(Bucket.Meta, [1], out var first));
                    Assert.True(reader.TryGet(Bucket.Alarms, [1], out var last));
                    Assert.True(first.SequenceEqual(last));
                    Interlocked.Increment(ref reads);
                }
            },
            TestContext.Current.CancellationToken)).ToArray();
        var rounds = 0;
        for (var batch = 1; rounds < 20 || Interlocked.Read(ref reads) < 1000; rounds++)
        {
            using var running = Begin(directory);
            while (running.Step())
            {
                Batch(directory.Current, batch++);
            }
        }

        await ended.CancelAsync();
        await Task.WhenAll(readers);
        output.WriteLine($"{rounds} defragmentations, {reads} reads");
    }

    private static IDefragmentation Begin(StateDirectory directory)
    {
        while (true)
        {
            try
            {
                return directory.BeginDefragmentation(static (_, _, _) => { });
            }
            catch (BucketStoreException open) when (open.Fault == BucketStoreFault.ReadersOpen)
            {
                Thread.Yield();
            }
        }
    }

    private static void Batch(IBucketStore store, int number) => store.Write(writer =>
    {
        var bytes = BitConverter.GetBytes(number);
        writer.Put(Bucket.Meta, [1], bytes);
        writer.Put(Bucket.Revisions, bytes, new byte[100]);
        writer.Put(Bucket.Alarms, [1], bytes);
    });

    private static void Run(StateDirectory directory)
    {
        using var running = directory.BeginDefragmentation(static (_, _, _) => { });
        while (running.Step())
        {
        }
    }

    private static void Fill(IBucketStore store, int pairs, int valueBytes) => store.Write(writer =>
    {
        for (var i = 0; i < pairs; i++)
        {
            writer.Put(Bucket.Revisions, [(byte)(i >> 8), (byte)i], new byte[valueBytes]);
        }
    });

    private static void Write(Random random, params IBucketStore[] stores)
    {
        var seed = random.Next();
        foreach (var store in stores)
        {
            store.Write(writer => Write(new Random(seed), writer));
        }
    }

    private static void Write(Random random, IBucketWriter writer)
    {
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var bucket = (Bucket)random.Next(BucketLimits.BucketCount);
            byte[] key = [(byte)random.Next(40)];
            switch (random.Next(5))
            {
                case 0:
                    writer.Delete(bucket, key);
                    break;
                case 1:
                    writer.DeleteRange(bucket, key, random.Next(2) == 0 ? [] : [(byte)random.Next(40)], random.Next(1, 4));
                    break;
                default:
                    writer.Put(bucket, key, new byte[random.Next(200)]);
                    break;
            }
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "data.mdb", SearchOption.AllDirectories)
            .Where(static file => !file.Contains("crash-", StringComparison.Ordinal)))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static string WithoutMeta(IBucketStore store) =>
        string.Concat(store.Dump().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(static line => !line.StartsWith("Meta", StringComparison.Ordinal)).Select(static line => $"{line}\n"));

    private StateDirectory Open() => StateDirectory.Open(_directory.Path);

    private string[] Names(string directory) =>
        [.. Directory.GetFiles(_directory.At(directory)).Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
