using System.Buffers;
using Raftd.State.Commands;
using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Store.Snapshots;
using Raftd.Store.Tests.Buckets;
using Raftd.Testing.Buckets;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Snapshots;

public sealed class SnapshotTests : IDisposable
{
    internal static readonly SnapshotMeta Meta = new(
        Index: 42, Term: 7, Hash: 0xfeed, ClusterId: 99, Configuration: new byte[] { 1, 2, 3 }, ConfigurationIndex: 40,
        StoreRevision: 1234, FeatureLevel: FeatureLevel.First);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Snapshot_LargerThanTheMap_ArrivesWholeAndWithoutWhatWasDeleted()
    {
        using var source = LmdbBucketStore.Open(_directory.At("source"));
        Fill(source, new Random(1), pairs: 3000, maxValueBytes: 5000);
        source.Write(writer => writer.DeleteRange(Bucket.Revisions, [0], [128], int.MaxValue));
        var stream = Send(source);

        using var target = LmdbBucketStore.Open(
            _directory.At("target"), new LmdbBucketStoreOptions { InitialMapSizeBytes = 1 << 20 });
        using var receiver = new SnapshotReceiver(target);
        foreach (var piece in stream.Chunk(10_007))
        {
            receiver.Feed(piece);
        }

        Assert.Equal(Meta, receiver.Finish());
        Assert.Equal(source.Dump(), target.Dump());
        Assert.Equal(stream.Length, receiver.ReceivedBytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(1 << 20)]
    public void Snapshot_AnyChunkSize_ArrivesWhole(int chunkBytes)
    {
        using var source = new ModelBucketStore();
        Fill(source, new Random(2), pairs: 300, maxValueBytes: 300);
        using var target = new ModelBucketStore { RunsBatchTwice = static () => true };
        Receive(target, Send(source, chunkBytes));
        Assert.Equal(source.Dump(), target.Dump());
        Assert.Equal(0, source.OpenReaders + target.OpenReaders);
    }

    [Fact]
    public void Snapshot_OfNothing_ArrivesWhole()
    {
        using var target = new ModelBucketStore();
        using var source = new ModelBucketStore();
        Assert.Equal(Meta, Receive(target, Send(source)));
    }

    [Fact]
    public void Snapshot_WritesMeanwhile_IsOfItsMoment()
    {
        using var source = LmdbBucketStore.Open(_directory.At("source"));
        Fill(source, new Random(3), pairs: 500, maxValueBytes: 300);
        var expected = source.Dump();
        var output = new ArrayBufferWriter<byte>();
        using var reader = source.BeginRead();
        using var sender = new SnapshotSender(reader, Meta, Unchecked(4096));
        while (sender.WriteNextChunk(output) != SnapshotSendResult.Complete)
        {
            source.Write(static writer => writer.DeleteRange(Bucket.Revisions, [], [], 20));
        }

        using var target = new ModelBucketStore();
        Receive(target, output.WrittenSpan.ToArray());
        Assert.Equal(expected, target.Dump());
    }

    [Fact]
    public void Sender_StoreMustGrow_SaysSoAndWritesNothing()
    {
        using var source = new ModelBucketStore();
        using var reader = source.BeginRead();
        using var sender = new SnapshotSender(reader, Meta, Unchecked(4096));
        var output = new ArrayBufferWriter<byte>();
        Assert.Equal(SnapshotSendResult.Chunk, sender.WriteNextChunk(output));
        var written = output.WrittenCount;
        source.AsksReadersToYield = true;
        Assert.Equal(SnapshotSendResult.MustYield, sender.WriteNextChunk(output));
        Assert.Equal(written, output.WrittenCount);
        source.AsksReadersToYield = false;
        Assert.Equal(SnapshotSendResult.Complete, sender.WriteNextChunk(output));
        Assert.Equal(SnapshotSendResult.Complete, sender.WriteNextChunk(output));
    }

    [Fact]
    public void Receiver_CallersCheckSaysNo_RefusesTheSnapshot()
    {
        using var source = new ModelBucketStore();
        source.Put(Bucket.Meta, [1], [41]);
        using var target = new ModelBucketStore();
        using var receiver = new SnapshotReceiver(target, static (reader, meta) =>
            reader.TryGet(Bucket.Meta, [1], out var applied) && applied[0] == meta.Index
                ? null : "the meta bucket says another index");
        var stream = Send(source);
        var failure = Assert.Throws<SnapshotCorruptException>(() => receiver.Feed(stream));
        Assert.Contains("another index", failure.Message, StringComparison.Ordinal);
        Assert.False(receiver.IsComplete);
    }

    [Fact]
    public void Receiver_StoreWithPairs_IsABrokenInvariant()
    {
        using var target = new ModelBucketStore();
        target.Put(Bucket.Auth, [1], [1]);
        Assert.Throws<Shared.InvariantViolationException>(() => new SnapshotReceiver(target));
    }

    [Fact]
    public void Receiver_DiskFull_PassesItOnAndStaysFailed()
    {
        using var source = new ModelBucketStore();
        source.Put(Bucket.Meta, [1], [1]);
        using var target = new ModelBucketStore
        {
            OnWrite = static _ => throw new BucketStoreException(BucketStoreFault.Full, "no room"),
        };
        using var receiver = new SnapshotReceiver(target);
        var stream = Send(source);
        Assert.Throws<BucketStoreException>(() => receiver.Feed(stream));
        Assert.Throws<BucketStoreException>(() => receiver.Feed([1]));
        Assert.Throws<BucketStoreException>(() => receiver.Finish());
    }

    internal static void Fill(IBucketStore store, Random random, int pairs, int maxValueBytes) =>
        store.Write(writer =>
        {
            for (var i = 0; i < pairs; i++)
            {
                var key = new byte[1 + random.Next(12)];
                var value = new byte[random.Next(maxValueBytes)];
                random.NextBytes(key);
                random.NextBytes(value);
                writer.Put((Bucket)(random.Next(10) == 0 ? random.Next(6) : 2), key, value);
            }
        });

    /// <summary>For pairs that are no part of a state: none has a checksum.</summary>
    internal static SnapshotSenderOptions Unchecked(int chunkBytes) =>
        new() { ChunkBytes = chunkBytes, Verify = static (_, _, _) => { } };

    internal static byte[] Send(IBucketStore store, int chunkBytes = 256 << 10)
    {
        var output = new ArrayBufferWriter<byte>();
        using var reader = store.BeginRead();
        using var sender = new SnapshotSender(reader, Meta, Unchecked(chunkBytes));
        while (sender.WriteNextChunk(output) == SnapshotSendResult.Chunk)
        {
        }

        Assert.Equal(output.WrittenCount, sender.SentBytes);
        return output.WrittenSpan.ToArray();
    }

    private static SnapshotMeta Receive(IBucketStore target, byte[] stream)
    {
        using var receiver = new SnapshotReceiver(target);
        receiver.Feed(stream);
        return receiver.Finish();
    }
}
