using System.Buffers.Binary;
using Raftd.State.Commands;
using Raftd.Store.Snapshots;
using Raftd.Testing.Buckets;

namespace Raftd.Store.Tests.Snapshots;

/// <summary>Nothing but the stream that was sent is taken: each cut, each flipped bit, chunks moved, hostile numbers.</summary>
public sealed class SnapshotDamageTests
{
    private readonly byte[] _stream = MakeStream();

    [Fact]
    public void Cut_AtEveryByte_IsRefused()
    {
        for (var length = 0; length < _stream.Length; length++)
        {
            AssertRefused(_stream[..length], $"cut at {length}");
        }
    }

    [Fact]
    public void Bit_Flipped_IsRefused()
    {
        for (var bit = 0; bit < _stream.Length * 8; bit++)
        {
            var damaged = (byte[])_stream.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertRefused(damaged, $"bit {bit}");
        }
    }

    [Fact]
    public void Byte_AfterTheEnd_IsRefused() => AssertRefused([.. _stream, 0], "a byte more");

    [Fact]
    public void Chunks_LeftOutRepeatedOrExchanged_AreRefused()
    {
        var chunks = Split(_stream);
        for (var i = 0; i < chunks.Count; i++)
        {
            AssertRefused(Join([.. chunks[..i], .. chunks[(i + 1)..]]), $"without {i}");
            AssertRefused(Join([.. chunks[..i], chunks[i], .. chunks[i..]]), $"twice {i}");
            if (i > 0)
            {
                AssertRefused(
                    Join([.. chunks[..(i - 1)], chunks[i], chunks[i - 1], .. chunks[(i + 1)..]]), $"exchanged {i}");
            }
        }
    }

    [Fact]
    public void Chunks_OfTwoSnapshots_AreNotMixed()
    {
        using var other = new ModelBucketStore();
        SnapshotTests.Fill(other, new Random(77), pairs: 25, maxValueBytes: 30);
        var chunks = Split(_stream);
        var others = Split(SnapshotTests.Send(other, 100));

        // From the third chunk on: with the same first chunk, what follows it is a snapshot of its own.
        for (var i = 2; i < Math.Min(chunks.Count, others.Count); i++)
        {
            AssertRefused(Join([.. chunks[..i], .. others[i..]]), $"mixed at {i}");
        }
    }

    [Fact]
    public void Numbers_HostileButWithRightChecksums_AreRefused()
    {
        var chunks = Split(_stream);
        var meta = chunks[0];
        AssertRefused(Resealed(meta, 2, pairs: 1, p => BinaryPrimitives.WriteUInt16LittleEndian(p, 0)), "empty key");
        AssertRefused(Resealed(meta, 2, pairs: 1, p => BinaryPrimitives.WriteUInt16LittleEndian(p, 512)), "long key");
        AssertRefused(Resealed(meta, 2, pairs: 1, p => BinaryPrimitives.WriteUInt32LittleEndian(p.AsSpan(2), uint.MaxValue)), "long value");
        AssertRefused(Resealed(meta, 2, pairs: 2, static _ => { }), "fewer pairs than announced");
        AssertRefused(Resealed(meta, 6, pairs: 1, static _ => { }), "no such bucket");
        AssertRefused(Resealed(meta, 255, pairs: 1, static _ => { }), "no bucket");
    }

    [Fact]
    public void Length_Hostile_TakesNoMemory()
    {
        using var store = new ModelBucketStore();
        using var receiver = new SnapshotReceiver(store);
        var header = new byte[SnapshotFormat.HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, SnapshotFormat.MaxPayloadBytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        receiver.Feed(header);
        receiver.Feed(new byte[100]);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);

        foreach (var length in new uint[] { SnapshotFormat.MaxPayloadBytes + 1, int.MaxValue, uint.MaxValue })
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header, length);
            AssertRefused(header, $"length {length}");
        }
    }

    [Fact]
    public void Bytes_AtRandom_AreRefused()
    {
        var random = new Random(5);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            AssertRefused(bytes, $"random {i}");
        }
    }

    private static byte[] MakeStream()
    {
        using var store = new ModelBucketStore();
        SnapshotTests.Fill(store, new Random(6), pairs: 25, maxValueBytes: 30);
        return SnapshotTests.Send(store, 100);
    }

    private static void AssertRefused(byte[] stream, string what)
    {
        using var store = new ModelBucketStore();
        using var receiver = new SnapshotReceiver(store);
        try
        {
            receiver.Feed(stream);
            receiver.Finish();
        }
        catch (SnapshotCorruptException)
        {
            Assert.False(receiver.IsComplete);
            return;
        }

        Assert.Fail($"taken: {what}");
    }

    /// <summary>A meta chunk and one with the pair 05 = 06, changed before its checksum is made.</summary>
    private static byte[] Resealed(byte[] meta, byte bucket, uint pairs, Action<byte[]> change)
    {
        byte[] payload = [1, 0, 1, 0, 0, 0, 5, 6];
        change(payload);
        byte[] chunk = [.. new byte[SnapshotFormat.HeaderBytes], .. payload];
        SnapshotFormat.Seal(
            chunk, SnapshotChunkHeader.Read(meta).Crc,
            new SnapshotChunkHeader(1, SnapshotChunkKind.Pairs, bucket, pairs, FeatureLevel.First));
        return [.. meta, .. chunk];
    }

    internal static List<byte[]> Split(byte[] stream)
    {
        var chunks = new List<byte[]>();
        for (var at = 0; at < stream.Length;)
        {
            var length = SnapshotFormat.HeaderBytes + SnapshotChunkHeader.Read(stream.AsSpan(at)).PayloadBytes;
            chunks.Add(stream[at..(at + length)]);
            at += length;
        }

        return chunks;
    }

    private static byte[] Join(IEnumerable<byte[]> chunks) => [.. chunks.SelectMany(static c => c)];
}
