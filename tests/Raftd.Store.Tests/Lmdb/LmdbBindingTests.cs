using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Store.Tests.Buckets;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Lmdb;

public sealed class LmdbBindingTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Put_KeysOfEveryLengthAndByte_AreReadBackInOrder()
    {
        using var store = Open();
        store.Write(static writer =>
        {
            for (var length = 1; length <= BucketLimits.MaxKeyBytes; length++)
            {
                writer.Put(Bucket.Auth, Key(length), BitConverter.GetBytes(length));
            }
        });

        using var reader = store.BeginRead();
        for (var length = 1; length <= BucketLimits.MaxKeyBytes; length++)
        {
            Assert.True(reader.TryGet(Bucket.Auth, Key(length), out var value));
            Assert.Equal(length, BitConverter.ToInt32(value));
        }

        Assert.Equal(BucketLimits.MaxKeyBytes, reader.Count(Bucket.Auth));
        AssertAscending(reader, Bucket.Auth);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(512)]
    [InlineData(65536)]
    public void Put_KeyOutOfBounds_IsRefusedWithLmdbsText(int length)
    {
        using var store = Open();
        var failure = Assert.Throws<LmdbException>(() => store.Put(Bucket.Meta, new byte[length], [1]));
        Assert.Equal(LmdbErrorKind.BadValueSize, failure.Kind);
        Assert.Equal(BucketStoreFault.BadRequest, failure.Fault);
        Assert.Contains("MDB_BAD_VALSIZE: Unsupported size of key", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cursor_SeekAndMoveNext_WalkFromTheKeyOn()
    {
        using var store = Open();
        store.Write(static writer =>
        {
            foreach (var key in new byte[] { 10, 20, 30 })
            {
                writer.Put(Bucket.Meta, [key], [(byte)(key + 1)]);
            }

            using var cursor = writer.OpenCursor(Bucket.Meta);
            Assert.True(cursor.Seek([11]));
            Assert.Equal(20, cursor.Key[0]);
            Assert.True(cursor.MoveNext());
            Assert.Equal(31, cursor.Value[0]);
            Assert.False(cursor.MoveNext());
            Assert.False(cursor.Seek([31]));
            Assert.True(cursor.Seek(default));
            Assert.Equal(10, cursor.Key[0]);
            Assert.True(cursor.SeekLast());
            Assert.Equal(30, cursor.Key[0]);
        });
    }

    [Fact]
    public void Write_BatchThatThrows_LeavesNothing()
    {
        using var store = Open();
        Assert.Throws<TimeoutException>(() => store.Write(static writer =>
        {
            writer.Put(Bucket.Meta, [1], [1]);
            throw new TimeoutException("the batch changed its mind");
        }));
        Assert.Null(store.Get(Bucket.Meta, [1]));
    }

    [Fact]
    public void Require_NoSuchLibrary_SaysWhatToInstall()
    {
        var failure = Assert.Throws<LmdbMissingException>(() => LmdbLibrary.Require("liblmdb-not-here.so.0"));
        Assert.Contains("apt-get install liblmdb0", failure.Message, StringComparison.Ordinal);
        Assert.Equal(BucketStoreFault.Unavailable, failure.Fault);
    }

    [Theory]
    [InlineData(5, LmdbErrorKind.Io, BucketStoreFault.Io)]
    [InlineData(28, LmdbErrorKind.DiskFull, BucketStoreFault.Full)]
    [InlineData(122, LmdbErrorKind.QuotaExceeded, BucketStoreFault.Full)]
    [InlineData(-30792, LmdbErrorKind.MapFull, BucketStoreFault.Full)]
    [InlineData(-30794, LmdbErrorKind.VersionMismatch, BucketStoreFault.Corrupt)]
    [InlineData(-30795, LmdbErrorKind.Other, BucketStoreFault.Io)] // MDB_PANIC
    [InlineData(-30790, LmdbErrorKind.ReadersFull, BucketStoreFault.ReadersFull)]
    [InlineData(22, LmdbErrorKind.Other, BucketStoreFault.Io)]
    public void Exception_Code_HasItsKindAndFault(int code, LmdbErrorKind kind, BucketStoreFault fault)
    {
        var failure = new LmdbException("test", code);
        Assert.Equal((code, kind, fault), (failure.Code, failure.Kind, failure.Fault));
    }

    private static void AssertAscending(IBucketReader reader, Bucket bucket)
    {
        using var cursor = reader.OpenCursor(bucket);
        var pairs = 0;
        byte[] previous = [];
        for (var more = cursor.Seek(default); more; more = cursor.MoveNext())
        {
            Assert.True(previous.AsSpan().SequenceCompareTo(cursor.Key) < 0);
            previous = cursor.Key.ToArray();
            pairs++;
        }

        Assert.Equal(BucketLimits.MaxKeyBytes, pairs);
    }

    /// <summary>Of this length, and over all lengths with every byte value at both ends.</summary>
    private static byte[] Key(int length)
    {
        var key = new byte[length];
        for (var i = 0; i < length; i++)
        {
            key[i] = (byte)(length - i);
        }

        return key;
    }

    private LmdbBucketStore Open() => LmdbBucketStore.Open(_directory.At("state"));
}
