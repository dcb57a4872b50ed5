using System.Buffers;
using Raftd.Store.Snapshots;
using Raftd.Store.Tests.Buckets;
using Raftd.Testing.Buckets;

namespace Raftd.Store.Tests.Snapshots;

/// <summary>A snapshot that comes by several streams, the second from the chunk on that the first did not bring whole.</summary>
public sealed class ResumedSnapshotTests : IDisposable
{
    private readonly ModelBucketStore _source = new();
    private readonly byte[] _stream;
    private readonly SnapshotIndex _index = new();

    public ResumedSnapshotTests()
    {
        // More than two groups of chunks.
        SnapshotTests.Fill(_source, new Random(5), pairs: 250, maxValueBytes: 30);
        _stream = SnapshotTests.Send(_source, 64);
        foreach (var chunk in SnapshotDamageTests.Split(_stream))
        {
            _index.Add(chunk);
        }

        Assert.True(_index.ChunkCount > 2 * SnapshotIndex.ChunksPerGroup);
    }

    public void Dispose() => _source.Dispose();

    [Fact]
    [Trait("Speed", "Slow")]
    public void Stream_CutAtEveryByte_GoesOnWithTheFirstChunkThatIsNotWhole()
    {
        for (var cut = 0; cut <= _stream.Length; cut++)
        {
            using var target = new ModelBucketStore();
            using var receiver = new SnapshotReceiver(target);
            receiver.Feed(_stream.AsSpan(0, cut));
            receiver.EndStream();
            Assert.True(receiver.CanGoOn);

            FeedFrom(receiver, receiver.NextChunk);

            Assert.Equal(SnapshotTests.Meta, receiver.Finish());
            Assert.Equal(_stream.Length, receiver.ReceivedBytes);
            Assert.Equal(_source.Dump(), target.Dump());
        }
    }

    [Fact]
    public void Stream_CutInEveryChunk_ArrivesWhole()
    {
        using var target = new ModelBucketStore();
        using var receiver = new SnapshotReceiver(target);
        var chunk = new ArrayBufferWriter<byte>();
        var chunks = new SnapshotChunks(_index, Read);
        while (!receiver.IsComplete)
        {
            chunk.ResetWrittenCount();
            chunks.Read(receiver.NextChunk, chunk);
            receiver.Feed(chunk.WrittenSpan[..(chunk.WrittenCount / 2)]);
            receiver.EndStream();
            receiver.Feed(chunk.WrittenSpan);
        }

        Assert.Equal(_index.ChunkCount, receiver.NextChunk);
        Assert.Equal(_source.Dump(), target.Dump());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void NextStream_BeginsWithAnotherChunk_IsRefused(int off)
    {
        using var target = new ModelBucketStore();
        using var receiver = new SnapshotReceiver(target);
        receiver.Feed(_stream.AsSpan(0, _stream.Length / 2));
        receiver.EndStream();

        Assert.Throws<SnapshotCorruptException>(() => FeedFrom(receiver, receiver.NextChunk + off));
        Assert.False(receiver.CanGoOn);
    }

    [Fact]
    public void Chunks_ReadInAnyOrder_AreThoseThatWereWritten()
    {
        var expected = SnapshotDamageTests.Split(_stream);
        var chunks = new SnapshotChunks(_index, Read);
        var random = new Random(6);
        for (var i = 0; i < 500; i++)
        {
            var chunk = random.Next(expected.Count);
            var output = new ArrayBufferWriter<byte>();
            Assert.Equal(expected[chunk].Length, chunks.Read(chunk, output));
            Assert.Equal(expected[chunk], output.WrittenSpan.ToArray());
        }
    }

    [Fact]
    public void Chunks_OfADamagedFile_AreNotHandedOut()
    {
        var random = new Random(7);
        for (var i = 0; i < 500; i++)
        {
            var damaged = (byte[])_stream.Clone();
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            var chunks = new SnapshotChunks(_index, (offset, target) => Read(damaged, offset, target));
            Assert.Throws<SnapshotCorruptException>(() => ReadAll(chunks));
        }
    }

    [Fact]
    public void Chunks_OfAFileThatWasCut_AreNotHandedOut()
    {
        var chunks = new SnapshotChunks(_index, (offset, target) => Read(_stream[..^1], offset, target));
        Assert.Throws<SnapshotCorruptException>(() => ReadAll(chunks));
    }

    private void FeedFrom(SnapshotReceiver receiver, long chunk)
    {
        var chunks = new SnapshotChunks(_index, Read);
        for (; chunk < _index.ChunkCount; chunk++)
        {
            var output = new ArrayBufferWriter<byte>();
            chunks.Read(chunk, output);
            receiver.Feed(output.WrittenSpan);
        }
    }

    private void ReadAll(SnapshotChunks chunks)
    {
        for (var chunk = 0L; chunk < _index.ChunkCount; chunk++)
        {
            chunks.Read(chunk, new ArrayBufferWriter<byte>());
        }
    }

    private int Read(long offset, Span<byte> target) => Read(_stream, offset, target);

    private static int Read(byte[] file, long offset, Span<byte> target)
    {
        var rest = file.AsSpan((int)Math.Min(offset, file.Length));
        var bytes = Math.Min(rest.Length, target.Length);
        rest[..bytes].CopyTo(target);
        return bytes;
    }
}
