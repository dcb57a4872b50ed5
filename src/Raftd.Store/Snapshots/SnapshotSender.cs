using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Raftd.Store.Buckets;

namespace Raftd.Store.Snapshots;

/// <summary>What one step of a sender did.</summary>
public enum SnapshotSendResult
{
    /// <summary>A chunk was written and there are more.</summary>
    Chunk,

    /// <summary>The last chunk was written, now or before.</summary>
    Complete,

    /// <summary>
    /// Nothing was written: the store needs its readers to end. The caller disposes sender and reader, throws away what was
    /// written so far, and begins with a new reader and a new meta.
    /// </summary>
    MustYield,
}

/// <summary>How a snapshot is sent.</summary>
public sealed record SnapshotSenderOptions
{
    /// <summary>A chunk ends before the pair that would take its payload beyond this.</summary>
    public required int ChunkBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, SnapshotFormat.MaxPayloadBytes);
            field = value;
        }
    }

    /// <summary>Checks each pair before it is sent, and throws if it is damaged.</summary>
    public required PairCheck Verify { get; init; }
}

/// <summary>Throws if the pair is not what was stored.</summary>
public delegate void PairCheck(Bucket bucket, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

/// <summary>Turns one reader's view into chunks, one for each step. Writes to the store go on meanwhile.</summary>
/// <remarks>The reader stays the caller's and outlives the sender. One thread at a time.</remarks>
public sealed class SnapshotSender : IDisposable
{
    private readonly IBucketReader _reader;
    private readonly SnapshotMeta _meta;
    private readonly SnapshotSenderOptions _options;
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ulong[] _counts = new ulong[BucketLimits.BucketCount];
    private IBucketCursor? _cursor; // on the next pair to send, or null between buckets
    private int _bucket;
    private ulong _sequence;
    private uint _crc;
    private bool _isComplete;

    /// <param name="reader">The view; meta must be what its transaction holds.</param>
    /// <param name="meta">Sent first.</param>
    /// <param name="options">Sizes, and a look at each pair.</param>
    public SnapshotSender(IBucketReader reader, SnapshotMeta meta, SnapshotSenderOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            meta.Configuration.Length, SnapshotFormat.MaxConfigurationBytes, nameof(meta));
        _reader = reader;
        _meta = meta;
        _options = options;
    }

    /// <summary>Bytes written so far, for progress.</summary>
    public long SentBytes { get; private set; }

    /// <summary>SHA-256 over the payloads of all chunks before the last; empty until that is written.</summary>
    public ReadOnlyMemory<byte> Digest { get; private set; }

    /// <summary>Writes one whole chunk, or nothing.</summary>
    public SnapshotSendResult WriteNextChunk(IBufferWriter<byte> output)
    {
        if (_isComplete)
        {
            return SnapshotSendResult.Complete;
        }

        if (_reader.MustYield)
        {
            return SnapshotSendResult.MustYield;
        }

        if (_sequence == 0)
        {
            WriteMeta(output);
            return SnapshotSendResult.Chunk;
        }

        if (FindNextPair())
        {
            WritePairs(output);
            return SnapshotSendResult.Chunk;
        }

        WriteEnd(output);
        _isComplete = true;
        return SnapshotSendResult.Complete;
    }

    public void Dispose()
    {
        _cursor?.Dispose();
        _digest.Dispose();
    }

    private static int PairBytes(IBucketCursor cursor) =>
        SnapshotFormat.PairHeaderBytes + cursor.Key.Length + cursor.Value.Length;

    private static void WritePair(Span<byte> target, IBucketCursor cursor)
    {
        var key = cursor.Key;
        var value = cursor.Value;
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(target[2..], value.Length);
        key.CopyTo(target[SnapshotFormat.PairHeaderBytes..]);
        value.CopyTo(target[(SnapshotFormat.PairHeaderBytes + key.Length)..]);
    }

    private void WriteMeta(IBufferWriter<byte> output)
    {
        var payloadBytes = SnapshotFormat.MetaBytes(_meta);
        var chunk = output.GetSpan(SnapshotFormat.HeaderBytes + payloadBytes);
        SnapshotFormat.WriteMeta(chunk[SnapshotFormat.HeaderBytes..], _meta);
        Emit(output, chunk, payloadBytes, SnapshotChunkKind.Meta, SnapshotFormat.NoBucket, pairs: 0);
    }

    private void WritePairs(IBufferWriter<byte> output)
    {
        var cursor = _cursor!;
        var room = Math.Max(_options.ChunkBytes, PairBytes(cursor));
        var chunk = output.GetSpan(SnapshotFormat.HeaderBytes + room);
        var payload = chunk.Slice(SnapshotFormat.HeaderBytes, room);
        var used = 0;
        uint pairs = 0;
        var more = true;
        while (more && used + PairBytes(cursor) <= room)
        {
            _options.Verify((Bucket)_bucket, cursor.Key, cursor.Value);
            WritePair(payload[used..], cursor);
            used += PairBytes(cursor);
            pairs++;
            more = cursor.MoveNext();
        }

        _counts[_bucket] += pairs;
        Emit(output, chunk, used, SnapshotChunkKind.Pairs, (byte)_bucket, pairs);
        if (!more)
        {
            LeaveBucket();
        }
    }

    private void WriteEnd(IBufferWriter<byte> output)
    {
        var chunk = output.GetSpan(SnapshotFormat.HeaderBytes + SnapshotFormat.EndBytes);
        var payload = chunk[SnapshotFormat.HeaderBytes..];
        for (var i = 0; i < _counts.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(payload[(i * sizeof(ulong))..], _counts[i]);
        }

        Digest = _digest.GetHashAndReset();
        Digest.Span.CopyTo(payload[SnapshotFormat.CountsBytes..]);
        Emit(output, chunk, SnapshotFormat.EndBytes, SnapshotChunkKind.End, SnapshotFormat.NoBucket, pairs: 0);
    }

    private void Emit(
        IBufferWriter<byte> output, Span<byte> buffer, int payloadBytes, SnapshotChunkKind kind, byte bucket, uint pairs)
    {
        var chunk = buffer[..(SnapshotFormat.HeaderBytes + payloadBytes)];
        _crc = SnapshotFormat.Seal(chunk, _crc, new SnapshotChunkHeader(_sequence, kind, bucket, pairs, (ushort)_meta.FeatureLevel));
        _digest.AppendData(chunk[SnapshotFormat.HeaderBytes..]);
        output.Advance(chunk.Length);
        SentBytes += chunk.Length;
        _sequence++;
    }

    /// <summary>Stands on the next pair in the order of buckets; false when there is none.</summary>
    private bool FindNextPair()
    {
        while (_cursor is null && _bucket < BucketLimits.BucketCount)
        {
            _cursor = _reader.OpenCursor((Bucket)_bucket);
            if (!_cursor.Seek(default))
            {
                LeaveBucket();
            }
        }

        return _cursor is not null;
    }

    private void LeaveBucket()
    {
        _cursor?.Dispose();
        _cursor = null;
        _bucket++;
    }
}
