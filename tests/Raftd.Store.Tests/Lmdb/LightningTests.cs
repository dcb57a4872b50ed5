using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Lmdb;

public sealed class LightningTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Put_KeysOfEveryLengthAndByte_AreReadBackInOrder()
    {
        using var environment = Open();
        using (var transaction = environment.BeginTransaction())
        {
            var database = transaction.OpenDatabase("all", create: true);
            for (var length = 1; length <= BucketLimits.MaxKeyBytes; length++)
            {
                transaction.Put(database, Key(length), BitConverter.GetBytes(length));
            }

            transaction.Commit();
        }

        using var reader = environment.BeginTransaction(readOnly: true);
        var opened = reader.OpenDatabase("all");
        for (var length = 1; length <= BucketLimits.MaxKeyBytes; length++)
        {
            Assert.True(reader.TryGet(opened, Key(length), out var value));
            Assert.Equal(length, BitConverter.ToInt32(value));
        }

        Assert.Equal(BucketLimits.MaxKeyBytes, reader.GetEntriesCount(opened));
        AssertAscending(reader, opened);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(512)]
    [InlineData(65536)]
    public void Put_KeyOutOfBounds_IsRefusedWithLmdbsText(int length)
    {
        using var environment = Open();
        var failure = Assert.Throws<LmdbException>(() =>
        {
            using var transaction = environment.BeginTransaction();
            transaction.Put(transaction.OpenDatabase("keys", create: true), new byte[length], [1]);
        });
        Assert.Equal(LmdbErrorKind.BadValueSize, failure.Kind);
        Assert.Equal(BucketStoreFault.BadRequest, failure.Fault);
        Assert.Contains("MDB_BAD_VALSIZE: Unsupported size of key", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cursor_SetRangeAndNext_WalkFromTheKeyOn()
    {
        using var environment = Open();
        using var transaction = environment.BeginTransaction();
        var database = transaction.OpenDatabase("walk", create: true);
        foreach (var key in new byte[] { 10, 20, 30 })
        {
            transaction.Put(database, [key], [(byte)(key + 1)]);
        }

        using var cursor = transaction.CreateCursor(database);
        Assert.True(cursor.SetRange([11]));
        Assert.Equal(20, cursor.Key[0]);
        Assert.True(cursor.Next());
        Assert.Equal(31, cursor.Value[0]);
        Assert.False(cursor.Next());
        Assert.False(cursor.SetRange([31]));
        Assert.True(cursor.First());
        Assert.Equal(10, cursor.Key[0]);
        Assert.True(cursor.Last());
        Assert.Equal(30, cursor.Key[0]);
    }

    [Fact]
    public void Transaction_NotCommitted_LeavesNothing()
    {
        using var environment = Open();
        using (var transaction = environment.BeginTransaction())
        {
            transaction.OpenDatabase("made", create: true);
            transaction.Commit();
        }

        using (var transaction = environment.BeginTransaction())
        {
            transaction.Put(transaction.OpenDatabase("made"), [1], [1]);
        }

        using var reader = environment.BeginTransaction(readOnly: true);
        Assert.False(reader.TryGet(reader.OpenDatabase("made"), [1], out _));
    }

    [Fact]
    public void OpenDatabase_Unknown_IsNotFound()
    {
        using var environment = Open();
        var failure = Assert.Throws<LmdbException>(() =>
        {
            using var reader = environment.BeginTransaction(readOnly: true);
            reader.OpenDatabase("nowhere");
        });
        Assert.Equal(LmdbErrorKind.NotFound, failure.Kind);
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
    [InlineData(-30795, LmdbErrorKind.Panic, BucketStoreFault.Io)]
    [InlineData(-30790, LmdbErrorKind.ReadersFull, BucketStoreFault.ReadersFull)]
    [InlineData(22, LmdbErrorKind.Other, BucketStoreFault.Io)]
    public void Exception_Code_HasItsKindAndFault(int code, LmdbErrorKind kind, BucketStoreFault fault)
    {
        var failure = new LmdbException("test", code);
        Assert.Equal((code, kind, fault), (failure.Code, failure.Kind, failure.Fault));
    }

    private static void AssertAscending(LightningTransaction reader, LightningDatabase database)
    {
        using var cursor = reader.CreateCursor(database);
        var pairs = 0;
        byte[] previous = [];
        for (var more = cursor.First(); more; more = cursor.Next())
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

    private LightningEnvironment Open() =>
        new(_directory.Path, new EnvironmentConfiguration { MapSizeBytes = 16 << 20 });
}
