// The receiving side. The naive way writes pairs into the store in use as they come; a stream that ends in the middle
// then leaves two states mixed (failure 36 of docs/failures.md). Here they go into an empty store beside it:
//
//   1. Feed takes bytes however the transport cut them, and puts them together to one chunk at a time.
//   2. A chunk is checked as a whole (bounds, CRC chain, sequence, order of keys) before any pair of it is written.
//   3. Its pairs are one batch, so the store's file grows as far as it must and no transaction becomes large.
//   4. At the end counts and digest must agree, the store is read back and counted, and the caller's own check runs,
//      which compares the meta bucket with the header. Only then may the owner make the store the current one.
//
// A stream that ends in the middle is no failure: what came of the chunk under way is dropped (EndStream), and the next
// stream of the same snapshot goes on with chunk NextChunk. Where the streams were cut makes no difference to what is
// stored: whole chunks alone are, in their order, each once.
//
// After any failure the receiver answers every call with that failure: there is no way on but a new snapshot into a new
// store.

using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Raftd.State.Commands;
using Raftd.Store.Buckets;

namespace Raftd.Store.Snapshots;

/// <summary>Writes a stream of chunks into an empty store. One thread at a time.</summary>
public sealed class SnapshotReceiver : IDisposable
{
    private const int FirstBufferBytes = 64 << 10;

    private readonly IBucketStore _store;
    private readonly Func<IBucketReader, SnapshotMeta, string?>? _verify;
    private readonly int _knownLevel;
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ulong[] _counts = new ulong[BucketLimits.BucketCount];
    private byte[] _chunk = new byte[FirstBufferBytes]; // the chunk that is coming in, [0, _filled) of it
    private int _filled;
    private byte[] _lastKey = [];
    private int _lastBucket = -1;
    private ulong _sequence;
    private uint _crc;
    private ExceptionDispatchInfo? _failure;

    /// <param name="store">An empty one, as of IStateDirectory.BeginInstall.</param>
    /// <param name="verify">
    /// Compares what was written with the header, above all the applied index in the meta bucket; answers what is wrong,
    /// or null.
    /// </param>
    /// <param name="knownLevel">The newest feature level that is taken.</param>
    public SnapshotReceiver(
        IBucketStore store, Func<IBucketReader, SnapshotMeta, string?>? verify = null, int knownLevel = FeatureLevel.Newest)
    {
        _store = store;
        _verify = verify;
        _knownLevel = knownLevel;
        using var reader = store.BeginRead();
        for (var bucket = 0; bucket < BucketLimits.BucketCount; bucket++)
        {
            var pairs = reader.Count((Bucket)bucket);
            Invariant.Check(pairs == 0, $"a snapshot goes into an empty store, bucket {bucket} has {pairs} pairs");
        }
    }

    /// <summary>Null until the first chunk has come.</summary>
    public SnapshotMeta? Meta { get; private set; }

    /// <summary>True when the whole snapshot has come and is verified.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Of the chunks taken, and of the one under way.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>The number of the chunk that a new stream begins with: all before it were taken, whole.</summary>
    public long NextChunk => (long)_sequence;

    /// <summary>False after a failure: this snapshot is of no use any more, and no stream can go on with it.</summary>
    public bool CanGoOn => _failure is null;

    /// <summary>The stream has ended, perhaps within a chunk: the bytes of that chunk are dropped, and it comes again whole. So
    /// an install that waits for its next stream holds no large buffer.</summary>
    public void EndStream()
    {
        ReceivedBytes -= _filled;
        _filled = 0;
        if (_chunk.Length > FirstBufferBytes)
        {
            _chunk = new byte[FirstBufferBytes];
        }
    }

    /// <summary>Takes the next bytes of the stream; any cut will do. Answers IsComplete.</summary>
    /// <exception cref="SnapshotCorruptException">The stream is not what a sender wrote.</exception>
    /// <exception cref="NewerLevelException">The sender's cluster is at a level that this build does not know.</exception>
    /// <exception cref="BucketStoreException">The store could not write; Full when the disk is.</exception>
    public bool Feed(ReadOnlySpan<byte> bytes)
    {
        _failure?.Throw();
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[Take(bytes)..];
            }

            return IsComplete;
        }
        catch (Exception e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
            IsComplete = false;
            throw;
        }
    }

    /// <summary>The stream has ended: answers its meta if it was whole.</summary>
    /// <exception cref="SnapshotCorruptException">It was cut.</exception>
    public SnapshotMeta Finish()
    {
        _failure?.Throw();
        return IsComplete ? Meta! : throw Corrupt($"the stream ended after {ReceivedBytes} bytes, before its end chunk");
    }

    public void Dispose() => _digest.Dispose();

    /// <summary>Moves bytes into the current chunk, up to its end; handles it when it is whole.</summary>
    private int Take(ReadOnlySpan<byte> bytes)
    {
        if (IsComplete)
        {
            throw Corrupt("there are bytes after the end chunk");
        }

        var wanted = _filled < SnapshotFormat.HeaderBytes ? SnapshotFormat.HeaderBytes : WholeChunkBytes();
        var taken = Math.Min(bytes.Length, wanted - _filled);
        Reserve(_filled + taken, wanted);
        bytes[..taken].CopyTo(_chunk.AsSpan(_filled));
        _filled += taken;
        ReceivedBytes += taken;
        if (_filled >= SnapshotFormat.HeaderBytes && _filled == WholeChunkBytes())
        {
            Handle(SnapshotChunkHeader.Read(_chunk), _chunk.AsSpan(0, _filled));
            _filled = 0;
        }

        return taken;
    }

    private int WholeChunkBytes()
    {
        var header = SnapshotChunkHeader.Read(_chunk);
        return header.PayloadBytes is >= 0 and <= SnapshotFormat.MaxPayloadBytes
            ? SnapshotFormat.HeaderBytes + header.PayloadBytes
            : throw Corrupt($"a payload of more than {SnapshotFormat.MaxPayloadBytes} bytes");
    }

    /// <summary>Room for what came, doubling up to what is wanted: a claimed length alone takes no memory.</summary>
    private void Reserve(int neededBytes, int wantedBytes)
    {
        if (neededBytes > _chunk.Length)
        {
            var doubled = Math.Max(neededBytes, (int)Math.Min(2L * _chunk.Length, wantedBytes));
            Array.Resize(ref _chunk, doubled);
        }
    }

    private void Handle(SnapshotChunkHeader header, ReadOnlySpan<byte> chunk)
    {
        var crc = SnapshotFormat.Checksum(chunk, _crc);
        Require(header.Crc == crc, $"checksum {header.Crc:x8}, computed {crc:x8}");
        NewerLevelException.ThrowIfNewer("a snapshot", header.FeatureLevel, _knownLevel);
        Require(header.FeatureLevel >= FeatureLevel.First, $"feature level {header.FeatureLevel}");
        Require(Meta is null || header.FeatureLevel == Meta.FeatureLevel, $"feature level {header.FeatureLevel} behind another");
        Require(header.Sequence == _sequence, $"it says to be chunk {header.Sequence}");
        Require((header.Kind == SnapshotChunkKind.Meta) == (_sequence == 0), $"kind {header.Kind} at this place");
        var payload = chunk[SnapshotFormat.HeaderBytes..];
        switch (header.Kind)
        {
            case SnapshotChunkKind.Meta:
                RequireNoPairs(header);
                Meta = SnapshotFormat.ReadMeta(payload, header.FeatureLevel) ?? throw Corrupt("the meta payload is malformed");
                break;
            case SnapshotChunkKind.Pairs:
                HandlePairs(header, payload);
                break;
            case SnapshotChunkKind.End:
                RequireNoPairs(header);
                HandleEnd(payload);
                break;
            default:
                throw Corrupt($"kind {(byte)header.Kind}");
        }

        _digest.AppendData(payload);
        _crc = crc;
        _sequence++;
    }

    private void HandlePairs(SnapshotChunkHeader header, ReadOnlySpan<byte> payload)
    {
        Require(header.Bucket < BucketLimits.BucketCount, $"bucket {header.Bucket}");
        Require(header.Bucket >= _lastBucket, $"bucket {header.Bucket} after bucket {_lastBucket}");
        if (header.Bucket > _lastBucket)
        {
            _lastBucket = header.Bucket;
            _lastKey = [];
        }

        CheckPairs(payload, header.Pairs);
        var bucket = (Bucket)header.Bucket;
        var end = SnapshotFormat.HeaderBytes + payload.Length;
        _store.Write(writer =>
        {
            var rest = new ReadOnlySpan<byte>(_chunk, SnapshotFormat.HeaderBytes, end - SnapshotFormat.HeaderBytes);
            while (!rest.IsEmpty)
            {
                rest = NextPair(rest, out var key, out var value);
                writer.Put(bucket, key, value);
            }
        });
        _counts[header.Bucket] += header.Pairs;
    }

    /// <summary>Whole pairs of lawful sizes, as many as announced, in ascending order after the last chunk's.</summary>
    private void CheckPairs(ReadOnlySpan<byte> payload, uint announced)
    {
        ReadOnlySpan<byte> last = _lastKey;
        uint pairs = 0;
        while (!payload.IsEmpty)
        {
            payload = NextPair(payload, out var key, out _);
            Require(last.SequenceCompareTo(key) < 0, "its keys do not ascend");
            last = key;
            pairs++;
        }

        Require(pairs == announced && pairs > 0, $"{pairs} pairs, announced {announced}");
        _lastKey = last.ToArray();
    }

    private ReadOnlySpan<byte> NextPair(
        ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        Require(payload.Length >= SnapshotFormat.PairHeaderBytes, "a pair is cut");
        var keyBytes = BinaryPrimitives.ReadUInt16LittleEndian(payload);
        var valueBytes = BinaryPrimitives.ReadUInt32LittleEndian(payload[2..]);
        var rest = payload[SnapshotFormat.PairHeaderBytes..];
        Require(keyBytes is > 0 and <= BucketLimits.MaxKeyBytes, $"a key of {keyBytes} bytes");
        Require(valueBytes <= BucketLimits.MaxValueBytes, $"a value of {valueBytes} bytes");
        Require(keyBytes + valueBytes <= rest.Length, "a pair is cut");
        key = rest[..keyBytes];
        value = rest.Slice(keyBytes, (int)valueBytes);
        return rest[(keyBytes + (int)valueBytes)..];
    }

    private void HandleEnd(ReadOnlySpan<byte> payload)
    {
        Require(payload.Length == SnapshotFormat.EndBytes, $"an end of {payload.Length} bytes");
        Span<byte> digest = stackalloc byte[SnapshotFormat.DigestBytes];
        _digest.GetCurrentHash(digest);
        Require(digest.SequenceEqual(payload[SnapshotFormat.CountsBytes..]), "the digest of the whole differs");
        using var reader = _store.BeginRead();
        for (var i = 0; i < _counts.Length; i++)
        {
            var announced = BinaryPrimitives.ReadUInt64LittleEndian(payload[(i * sizeof(ulong))..]);
            Require(_counts[i] == announced, $"bucket {i} came with {_counts[i]} pairs, the end says {announced}");
            var stored = (ulong)reader.Count((Bucket)i);
            Require(stored == announced, $"bucket {i} holds {stored} pairs, the end says {announced}");
        }

        if (_verify?.Invoke(reader, Meta!) is { } wrong)
        {
            throw Corrupt(wrong);
        }

        IsComplete = true;
    }

    private void RequireNoPairs(SnapshotChunkHeader header) =>
        Require(header is { Bucket: SnapshotFormat.NoBucket, Pairs: 0 }, $"pairs in a chunk of kind {header.Kind}");

    /// <summary>The reason is put together only when the condition is false: this runs for every pair.</summary>
    private void Require(
        bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref FailureMessage reason)
    {
        if (!condition)
        {
            throw Corrupt(reason.ToStringAndClear());
        }
    }

    private void Require(bool condition, string reason)
    {
        if (!condition)
        {
            throw Corrupt(reason);
        }
    }

    private SnapshotCorruptException Corrupt(string reason) => new(_sequence, reason);
}
