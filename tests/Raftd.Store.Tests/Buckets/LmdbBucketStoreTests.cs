using System.Runtime.Versioning;
using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Buckets;

public sealed class LmdbBucketStoreTests : IDisposable
{
    private static readonly LmdbBucketStoreOptions Small = new()
    {
        InitialMapSizeBytes = 1 << 20,
        ReaderPatience = TimeSpan.FromMilliseconds(300),
    };

    private readonly TemporaryDirectory _directory = new();

    private string StorePath => _directory.At("state");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_AgainAfterClose_HoldsWhatWasWritten()
    {
        using (var store = LmdbBucketStore.Open(StorePath))
        {
            store.Put(Bucket.Meta, [1], [2, 3]);
        }

        using var again = LmdbBucketStore.Open(StorePath);
        Assert.Equal([2, 3], again.Get(Bucket.Meta, [1]));
        Assert.Null(again.Get(Bucket.Auth, [1]));
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public void Open_NewStore_IsForItsUserAlone()
    {
        using var store = LmdbBucketStore.Open(StorePath);
        const UnixFileMode User = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(User | UnixFileMode.UserExecute, File.GetUnixFileMode(StorePath));
        foreach (var file in new[] { "data.mdb", "lock.mdb", "store.lock" })
        {
            Assert.Equal(User, File.GetUnixFileMode(Path.Combine(StorePath, file)));
        }
    }

    [Fact]
    public void Open_WhileOpen_IsRefused()
    {
        using var store = LmdbBucketStore.Open(StorePath);
        var failure = Assert.Throws<BucketStoreException>(() => LmdbBucketStore.Open(StorePath));
        Assert.Equal(BucketStoreFault.InUse, failure.Fault);
        store.Put(Bucket.Meta, [1], [1]);
        Assert.Equal([1], store.Get(Bucket.Meta, [1]));
    }

    [Fact]
    public void Read_OpenWhileWritten_SeesItsOwnTime()
    {
        using var store = LmdbBucketStore.Open(StorePath);
        store.Put(Bucket.Leases, [1], [1]);
        using var reader = store.BeginRead();
        store.Put(Bucket.Leases, [1], [2]);
        Assert.True(reader.TryGet(Bucket.Leases, [1], out var value));
        Assert.Equal(1, value[0]);
        Assert.Equal([2], store.Get(Bucket.Leases, [1]));
    }

    [Fact]
    public void Read_AfterDispose_ThrowsThoughItsTransactionIsUsedAgain()
    {
        using var store = LmdbBucketStore.Open(StorePath);
        var ended = store.BeginRead();
        var cursor = ended.OpenCursor(Bucket.Meta);
        ended.Dispose();
        using var next = store.BeginRead();
        Assert.Throws<ObjectDisposedException>(() => ended.TryGet(Bucket.Meta, [1], out _));
        Assert.Throws<ObjectDisposedException>(() => cursor.Seek([1]));
        ended.Dispose();
        Assert.False(next.TryGet(Bucket.Meta, [1], out _));
    }

    [Fact]
    public void Write_CursorAfterAChange_StandsNowhere()
    {
        using var store = LmdbBucketStore.Open(StorePath);
        store.Write(writer =>
        {
            writer.Put(Bucket.Meta, [1], [1]);
            using var cursor = writer.OpenCursor(Bucket.Meta);
            Assert.True(cursor.Seek([1]));
            writer.Put(Bucket.Meta, [2], [2]);
            Assert.True(cursor.Key.IsEmpty);
            Assert.Throws<Shared.InvariantViolationException>(() => cursor.MoveNext());
            Assert.True(cursor.Seek([2]));
        });
    }

    [Fact]
    public void Write_WriterKeptAfterTheBatch_Throws()
    {
        using var store = LmdbBucketStore.Open(StorePath);
        IBucketWriter? kept = null;
        store.Write(writer => kept = writer);
        Assert.Throws<ObjectDisposedException>(() => kept!.Put(Bucket.Meta, [1], [1]));
    }

    [Fact]
    public void Write_WithinItself_IsABrokenInvariant()
    {
        using var store = LmdbBucketStore.Open(StorePath);
        Assert.Throws<Shared.InvariantViolationException>(
            () => store.Write(_ => store.Write(static _ => { })));
        store.Put(Bucket.Meta, [1], [1]);
    }

    [Fact]
    public async Task Write_MoreThanTheMap_GrowsItUnderEightReaders()
    {
        // Patience for a machine that lets no reader run for a while: what is tried is the growth, not how long it takes.
        using var store = LmdbBucketStore.Open(StorePath, Small with { ReaderPatience = TimeSpan.FromMinutes(1) });
        store.Put(Bucket.Meta, [0], BitConverter.GetBytes(0));
        using var stop = new CancellationTokenSource();
        using var started = new CountdownEvent(8);
        var written = 0;
        var readers = Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () => ReadUntil(store, () => Volatile.Read(ref written), started, stop.Token),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Assert.True(started.Wait(TimeSpan.FromMinutes(1)));
        var value = new byte[10_000];
        var runs = 0;
        for (var i = 1; i <= 200; i++)
        {
            store.Write(writer =>
            {
                runs++;
                writer.Put(Bucket.Meta, [0], BitConverter.GetBytes(i));
                for (var j = 0; j < 8; j++)
                {
                    writer.Put(Bucket.Revisions, [(byte)i, (byte)j], value);
                }
            });
            Volatile.Write(ref written, i);
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(readers), static reads => Assert.True(reads > 0));
        Assert.True(runs > 200, "some batches ran again");
        using var reader = store.BeginRead();
        Assert.Equal(1600, reader.Count(Bucket.Revisions));
        Assert.InRange(store.UsedBytes, 16_000_000, store.SizeBytes);
    }

    [Fact]
    public async Task Write_LongReaderWhileGrowing_IsAskedToYieldAndTheWriteIsRefusedIfItDoesNot()
    {
        using var store = LmdbBucketStore.Open(StorePath, Small);
        var reader = store.BeginRead();
        var failure = Assert.Throws<BucketStoreException>(
            () => store.Put(Bucket.Revisions, [1], new byte[4 << 20]));
        Assert.Equal(BucketStoreFault.ReadersOpen, failure.Fault);
        Assert.False(reader.MustYield);
        Assert.False(reader.TryGet(Bucket.Revisions, [1], out _));

        var writing = Task.Run(() => store.Put(Bucket.Revisions, [1], new byte[4 << 20]));
        SpinWait.SpinUntil(() => reader.MustYield, TimeSpan.FromSeconds(10));
        reader.Dispose();
        await writing.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(4 << 20, store.Get(Bucket.Revisions, [1])!.Length);
    }

    [Fact]
    public async Task Write_SecondReaderOfAThreadWhileGrowing_DoesNotWaitForEver()
    {
        using var store = LmdbBucketStore.Open(StorePath, Small with { ReaderPatience = TimeSpan.FromSeconds(10) });
        var first = store.BeginRead();
        var writing = Task.Run(() => store.Put(Bucket.Revisions, [1], new byte[4 << 20]));
        SpinWait.SpinUntil(() => first.MustYield, TimeSpan.FromSeconds(10));
        var second = await Task.Run(() => store.BeginRead()).WaitAsync(TimeSpan.FromSeconds(5));
        second.Dispose();
        first.Dispose();
        await writing.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Write_BeyondTheLargestMap_IsFullAndLeavesTheStoreInUse()
    {
        using var store = LmdbBucketStore.Open(StorePath, Small with { MaxMapSizeBytes = 2 << 20 });
        store.Put(Bucket.Meta, [1], [1]);
        var failure = Assert.Throws<LmdbException>(() => store.Put(Bucket.Revisions, [1], new byte[4 << 20]));
        Assert.Equal((LmdbErrorKind.MapFull, BucketStoreFault.Full), (failure.Kind, failure.Fault));
        Assert.Contains("MDB_MAP_FULL", failure.Message, StringComparison.Ordinal);
        store.Put(Bucket.Meta, [1], [2]);
        Assert.Equal([2], store.Get(Bucket.Meta, [1]));
    }

    [Fact]
    public void Write_BatchThatSwallowsAFullMap_RunsAgain()
    {
        using var store = LmdbBucketStore.Open(StorePath, Small);
        store.Write(writer =>
        {
            try
            {
                writer.Put(Bucket.Revisions, [1], new byte[4 << 20]);
            }
            catch (LmdbException)
            {
                // as a careless batch would
            }
        });
        Assert.NotNull(store.Get(Bucket.Revisions, [1]));
    }

    /// <summary>Pages that a reader may still see are not written again. Once it has ended they are: the file stays as it is.
    /// </summary>
    [Fact]
    public void Write_OverwritesBesideReaders_GrowTheFileOnlyWhileOneStaysOpen()
    {
        using var store = LmdbBucketStore.Open(StorePath);
        Overwrite(store, rounds: 20);
        var size = store.SizeBytes;
        Overwrite(store, rounds: 100);
        Assert.InRange(store.SizeBytes, size, size * 12 / 10);

        using (store.BeginRead())
        {
            Overwrite(store, rounds: 50);
        }

        var grown = store.SizeBytes;
        Assert.True(grown > size * 2, $"{grown} bytes with a reader that stays, {size} without");
        Overwrite(store, rounds: 100);
        Assert.Equal(grown, store.SizeBytes);
    }

    [Fact]
    public void BeginRead_MoreThanTheReaderTable_IsATypedErrorAndPasses()
    {
        using var store = LmdbBucketStore.Open(StorePath, Small with { MaxReaders = 4 });
        var readers = Enumerable.Range(0, 4).Select(_ => store.BeginRead()).ToList();
        var failure = Assert.Throws<LmdbException>(() => store.BeginRead());
        Assert.Equal(BucketStoreFault.ReadersFull, failure.Fault);
        Assert.Contains("MDB_READERS_FULL", failure.Message, StringComparison.Ordinal);
        readers[0].Dispose();
        store.BeginRead().Dispose();
        readers.ForEach(r => r.Dispose());
    }

    [Fact]
    public void Dispose_ReaderStillOpen_KeepsItsMapUntilItEnds()
    {
        var store = LmdbBucketStore.Open(StorePath, Small with { ReaderPatience = TimeSpan.Zero });
        store.Put(Bucket.Meta, [1], [7]);
        var reader = store.BeginRead();
        store.Dispose();
        Assert.True(reader.TryGet(Bucket.Meta, [1], out var value));
        Assert.Equal(7, value[0]);
        Assert.Throws<ObjectDisposedException>(() => store.BeginRead());
        Assert.Throws<BucketStoreException>(() => store.Put(Bucket.Meta, [1], [1]));
        Assert.Throws<BucketStoreException>(() => LmdbBucketStore.Open(StorePath));
        reader.Dispose();
        LmdbBucketStore.Open(StorePath).Dispose();
    }

    /// <summary>A hundred keys of 1000 bytes in each round, under a reader that was opened a round before.</summary>
    private static void Overwrite(LmdbBucketStore store, int rounds)
    {
        var reader = store.BeginRead();
        for (var round = 0; round < rounds; round++)
        {
            store.Write(writer =>
            {
                for (byte key = 0; key < 100; key++)
                {
                    writer.Put(Bucket.Revisions, [key], new byte[1000]);
                }
            });
            reader.Dispose();
            reader = store.BeginRead();
        }

        reader.Dispose();
    }

    /// <remarks>What is not promised is that a second reader sees at least what the first one saw (docs/lmdb.md).</remarks>
    private static int ReadUntil(LmdbBucketStore store, Func<int> written, CountdownEvent started, CancellationToken stop)
    {
        var reads = 0;
        for (; !stop.IsCancellationRequested; reads++)
        {
            var least = written();
            using var reader = store.BeginRead();
            Assert.True(reader.TryGet(Bucket.Meta, [0], out var value));
            var i = BitConverter.ToInt32(value);
            Assert.True(i >= least, $"batch {i} is seen after batch {least} was written");
            if (i > 0)
            {
                Assert.True(reader.TryGet(Bucket.Revisions, [(byte)i, 7], out var bytes));
                Assert.Equal(10_000, bytes.Length);
                Assert.Equal(8L * i, reader.Count(Bucket.Revisions));
            }

            if (reads == 0)
            {
                started.Signal();
            }
        }

        return reads;
    }
}
