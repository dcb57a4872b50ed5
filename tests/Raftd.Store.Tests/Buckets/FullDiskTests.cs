using System.Diagnostics;
using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;

namespace Raftd.Store.Tests.Buckets;

/// <summary>A disk of 4 MiB that fills up (failure 39 of docs/failures.md). It is a tmpfs, so where a process may not mount
/// one skips this.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly bool _isMounted;

    public FullDiskTests() => _isMounted = Run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", _directory.Path);

    public void Dispose()
    {
        if (_isMounted)
        {
            // Lazily: a process that a test beside this one starts meanwhile has LMDB's files open until it ends.
            Run("umount", "--lazy", _directory.Path);
        }

        _directory.Dispose();
    }

    [Fact]
    public void Write_DiskFull_IsATypedErrorAndReadsGoOnAndWritesComeBack()
    {
        Assert.SkipUnless(_isMounted, "mounting a tmpfs is not allowed here");
        using var store = LmdbBucketStore.Open(_directory.At("state"));
        var fillerPath = _directory.At("filler");
        File.WriteAllBytes(fillerPath, new byte[1 << 20]);
        var written = 0;
        var failure = Assert.ThrowsAny<BucketStoreException>(() =>
        {
            for (; written < 10_000; written++)
            {
                store.Put(Bucket.Revisions, [(byte)(written >> 8), (byte)written], new byte[3000]);
            }
        });
        Assert.Equal(BucketStoreFault.Full, failure.Fault);
        FillUp(_directory.At("rest"));

        // More readers than the pages of the table that were ever touched: a sparse table would be SIGBUS here.
        var readers = Enumerable.Range(0, 400).Select(_ => store.BeginRead()).ToList();
        Assert.All(readers, r => Assert.Equal(written, r.Count(Bucket.Revisions)));
        readers.ForEach(static r => r.Dispose());

        File.Delete(fillerPath);
        store.Put(Bucket.Meta, [1], [1]);
        Assert.Equal([1], store.Get(Bucket.Meta, [1]));
    }

    /// <summary>The disk takes a part of LMDB's write and no more: LMDB calls that an input/output error. A value of many
    /// pages is one write, so any size but the whole disk's remainder ends within one.</summary>
    [Fact]
    public void Write_ThatFitsInPart_IsAFullDiskAndTheStoreStaysInUse()
    {
        Assert.SkipUnless(_isMounted, "mounting a tmpfs is not allowed here");
        using var store = LmdbBucketStore.Open(_directory.At("state"));
        var failure = Assert.ThrowsAny<BucketStoreException>(() => store.Put(Bucket.Revisions, [1], new byte[8 << 20]));
        Assert.Equal(BucketStoreFault.Full, failure.Fault);
        Assert.Equal(5, Assert.IsType<LmdbException>(failure.InnerException).Code);

        store.Put(Bucket.Revisions, [2], new byte[100_000]);
        Assert.Equal(100_000, store.Get(Bucket.Revisions, [2])?.Length);
    }

    private static void FillUp(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        Assert.Throws<IOException>(() =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                file.Write(block);
            }
        });
    }

    private static bool Run(string command, params string[] arguments)
    {
        try
        {
            return Subprocess.RunAsync(new ProcessStartInfo(command, arguments)).GetAwaiter().GetResult().Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
