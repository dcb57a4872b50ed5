// A backup as a file (docs/snapshot-format.md): a snapshot's stream, zeros up to a multiple of 512 bytes, and the SHA-256 over all
// before it. A reader finds the end of the stream by its last chunk, and then looks whether the rest is what it must be. So a
// file that was cut, or is longer than it should be, is no backup, whatever its digest says.

using System.Buffers.Binary;
using System.Security.Cryptography;
using Raftd.Store.Buckets;

namespace Raftd.Store.Snapshots;

/// <summary>What a backup holds, known once all of it has been read.</summary>
/// <param name="Meta">Of the moment that it was made.</param>
/// <param name="Bytes">Of the file.</param>
/// <param name="KeyVersions">Kept versions of keys, deletions included.</param>
/// <param name="Leases">Leases alive at that moment.</param>
/// <param name="Digest">The file's own, checked.</param>
public sealed record BackupSummary(SnapshotMeta Meta, long Bytes, ulong KeyVersions, ulong Leases, string Digest);

/// <summary>The file is not a whole backup. The message says why.</summary>
public sealed class BackupException(string message) : Exception(message);

/// <summary>Reads a backup from its beginning to its end, chunk by chunk, and checks that it is one and whole.</summary>
/// <param name="file">At its beginning; seekable, for its length.</param>
public sealed class BackupReader(Stream file) : IDisposable
{
    private const int SectorBytes = 512;

    // The first page of etcd's own file (bbolt) has this number, in the byte order of the machine, behind its page header.
    private const int BoltMagicAt = 16;
    private const uint BoltMagic = 0xED0CDAED;

    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly long _fileBytes = file.Length;
    private byte[] _chunk = new byte[64 << 10];
    private SnapshotMeta? _meta;
    private long _readBytes;

    /// <summary>Null until Read has come to the end.</summary>
    public BackupSummary? Summary { get; private set; }

    /// <returns>The next chunk, good until the next call; empty behind the last one: then all of the file is checked.</returns>
    /// <exception cref="BackupException">The file is no backup, or is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public ReadOnlyMemory<byte> Read()
    {
        if (Summary is not null)
        {
            return default;
        }

        Fill(0, SnapshotFormat.HeaderBytes);
        var header = SnapshotChunkHeader.Read(_chunk);
        RequireLikely(header);
        var bytes = SnapshotFormat.HeaderBytes + header.PayloadBytes;
        Reserve(bytes);
        Fill(SnapshotFormat.HeaderBytes, bytes);
        var payload = _chunk.AsSpan(SnapshotFormat.HeaderBytes, header.PayloadBytes);
        if (header.Kind == SnapshotChunkKind.Meta)
        {
            _meta = SnapshotFormat.ReadMeta(payload, header.FeatureLevel) ?? throw Damaged("its first chunk is malformed");
        }
        else if (header.Kind == SnapshotChunkKind.End)
        {
            Summary = ReadEnd(payload);
        }

        return _chunk.AsMemory(0, bytes);
    }

    /// <summary>Reads what is left.</summary>
    /// <inheritdoc cref="Read"/>
    public BackupSummary ReadToEnd()
    {
        while (!Read().IsEmpty)
        {
        }

        return Summary!;
    }

    public void Dispose() => _digest.Dispose();

    /// <summary>Lengths are believed within their bounds only, and memory is taken for what the file has.</summary>
    private void RequireLikely(SnapshotChunkHeader header)
    {
        if (_readBytes == SnapshotFormat.HeaderBytes && header.Kind != SnapshotChunkKind.Meta)
        {
            throw new BackupException(BinaryPrimitives.ReadUInt32LittleEndian(_chunk.AsSpan(BoltMagicAt)) == BoltMagic
                ? "it is a database of etcd itself, which only etcd reads"
                : "it does not begin as a backup of raftd does");
        }

        if (header.PayloadBytes is < 0 or > SnapshotFormat.MaxPayloadBytes || (header.Kind == SnapshotChunkKind.Meta) != (_meta is null))
        {
            throw Damaged($"what stands before byte {_readBytes} is not the head of a chunk");
        }

        if (header.PayloadBytes > _fileBytes - _readBytes)
        {
            throw EndsEarly();
        }
    }

    private BackupSummary ReadEnd(ReadOnlySpan<byte> payload)
    {
        if (payload.Length != SnapshotFormat.EndBytes)
        {
            throw Damaged($"its last chunk has {payload.Length} bytes");
        }

        Span<ulong> counts = stackalloc ulong[BucketLimits.BucketCount];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = BinaryPrimitives.ReadUInt64LittleEndian(payload[(i * sizeof(ulong))..]);
        }

        var digest = ReadTrailer();
        return new BackupSummary(
            _meta!, _fileBytes, counts[(int)Bucket.Revisions], counts[(int)Bucket.Leases], Convert.ToHexStringLower(digest));
    }

    private byte[] ReadTrailer()
    {
        Span<byte> trailer = stackalloc byte[SectorBytes + SnapshotFormat.DigestBytes];
        var padding = (int)((SectorBytes - _readBytes % SectorBytes) % SectorBytes);
        var bytes = padding + SnapshotFormat.DigestBytes;
        if (_fileBytes != _readBytes + bytes)
        {
            throw Damaged($"it has {_fileBytes} bytes and should have {_readBytes + bytes}");
        }

        file.ReadExactly(trailer[..bytes]);
        _digest.AppendData(trailer[..padding]);
        var digest = _digest.GetHashAndReset();
        return digest.AsSpan().SequenceEqual(trailer[padding..bytes]) && !trailer[..padding].ContainsAnyExcept((byte)0)
            ? digest
            : throw Damaged("its digest differs from what it holds");
    }

    private void Fill(int from, int to)
    {
        var part = _chunk.AsSpan(from, to - from);
        if (file.ReadAtLeast(part, part.Length, throwOnEndOfStream: false) < part.Length)
        {
            throw EndsEarly();
        }

        _digest.AppendData(part);
        _readBytes += part.Length;
    }

    private void Reserve(int bytes)
    {
        if (_chunk.Length < bytes)
        {
            Array.Resize(ref _chunk, bytes);
        }
    }

    private BackupException EndsEarly() => Damaged(_meta is null ? "it ends within its first chunk" : $"it ends after {_fileBytes} bytes, within a chunk");

    private static BackupException Damaged(string what) => new($"it is damaged or not whole: {what}");
}
