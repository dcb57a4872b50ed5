using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Buckets;

/// <summary>Files that are not what was written: a typed error at open, never a crash of the process.</summary>
public sealed class DamagedStoreTests : IDisposable
{
    private const int PageBytes = 4096;

    private readonly TemporaryDirectory _directory = new();

    private string StorePath => _directory.At("state");

    private string DataPath => Path.Combine(StorePath, "data.mdb");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_Garbage_IsCorrupt()
    {
        Fill();
        var garbage = new byte[64 * 1024];
        new Random(1).NextBytes(garbage);
        File.WriteAllBytes(DataPath, garbage);
        var failure = Assert.Throws<LmdbException>(() => LmdbBucketStore.Open(StorePath));
        Assert.Equal((LmdbErrorKind.Invalid, BucketStoreFault.Corrupt), (failure.Kind, failure.Fault));
        Assert.Contains("MDB_INVALID", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OtherVersion_SaysSo()
    {
        Fill();
        var file = File.ReadAllBytes(DataPath);
        file[20] = file[PageBytes + 20] = 99; // the version in both meta pages
        File.WriteAllBytes(DataPath, file);
        var failure = Assert.Throws<LmdbException>(() => LmdbBucketStore.Open(StorePath));
        Assert.Equal((LmdbErrorKind.VersionMismatch, BucketStoreFault.Corrupt), (failure.Kind, failure.Fault));
    }

    [Fact]
    public void Open_EmptyFile_IsCorruptAndNotANewStore()
    {
        Fill();
        File.WriteAllBytes(DataPath, []);
        Assert.Equal(BucketStoreFault.Corrupt, OpenFault());
    }

    [Fact]
    public void Open_CutAtAnyPage_IsRefusedOrHoldsEverything()
    {
        Fill();
        var whole = File.ReadAllBytes(DataPath);
        string expected;
        using (var store = LmdbBucketStore.Open(StorePath))
        {
            expected = store.Dump();
        }

        var refused = 0;
        for (var length = whole.Length - PageBytes; length > 0; length -= PageBytes / 2)
        {
            File.WriteAllBytes(DataPath, whole.AsSpan(0, length));
            try
            {
                using var store = LmdbBucketStore.Open(StorePath);
                Assert.Equal(expected, store.Dump());
            }
            catch (BucketStoreException e)
            {
                Assert.Equal(BucketStoreFault.Corrupt, e.Fault);
                refused++;
            }
        }

        Assert.True(refused > 20, $"{refused} cuts were refused");
    }

    [Fact]
    public void Open_FileShortOfFreePagesOnly_IsTaken()
    {
        // A page taken at the end and freed within its transaction is counted but never written.
        Fill();
        var file = File.ReadAllBytes(DataPath);
        foreach (var meta in new[] { 0, PageBytes })
        {
            var lastPage = BitConverter.ToInt64(file, meta + 16 + 120);
            BitConverter.TryWriteBytes(file.AsSpan(meta + 16 + 120), lastPage + 5);
        }

        File.WriteAllBytes(DataPath, file);
        using var store = LmdbBucketStore.Open(StorePath);
        Assert.True(store.SizeBytes > file.Length);
        store.Put(Bucket.Meta, [1], new byte[PageBytes * 3]);
    }

    private BucketStoreFault OpenFault() =>
        Assert.ThrowsAny<BucketStoreException>(() => LmdbBucketStore.Open(StorePath)).Fault;

    /// <summary>Small values, values on pages of their own, several buckets, and free pages.</summary>
    private void Fill()
    {
        using var store = LmdbBucketStore.Open(StorePath);
        for (byte i = 0; i < 30; i++)
        {
            store.Write(writer =>
            {
                for (byte j = 0; j < 30; j++)
                {
                    writer.Put(Bucket.Revisions, [i, j], new byte[j * 10]);
                }

                writer.Put(Bucket.Leases, [i], new byte[i * 1000]);
                writer.DeleteRange(Bucket.Revisions, [(byte)(i / 2)], [(byte)(i / 2), 20], 10);
            });
        }
    }
}
