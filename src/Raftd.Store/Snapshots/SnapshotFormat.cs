// The stream of a snapshot, as of feature level 1: the same for a follower, for a backup file and for a restore.
//
// A chunk, all numbers little-endian:
//
//    0  u32  payload bytes, at most MaxPayloadBytes
//    4  u32  CRC-32C over the CRC of the chunk before (0 before the first), bytes [0, 4) and [8, 24), and the payload
//    8  u64  sequence, from 0, each one more than the one before
//   16  u8   kind: 1 meta (the first), 2 pairs, 3 end (the last)
//   17  u8   bucket of the pairs; 255 in the other kinds
//   18  u16  feature level of the state that is sent
//   20  u32  pairs in the payload; 0 in the other kinds
//   24       payload
//
// Payload of meta:   0 8 bytes "raftdsnp" | 8 u64 index | 16 u64 term | 24 u64 hash | 32 u64 cluster id
//                    40 u64 configuration index | 48 u64 store revision | 56 u32 configuration bytes | 60 configuration
// Payload of pairs:  for each pair: u16 key bytes | u32 value bytes | key | value
// Payload of end:    u64 pairs, for each of the 6 buckets | SHA-256 over the payloads of all chunks before, in order
//
// Buckets come in the order of their numbers, and the keys of a bucket strictly ascending over all its chunks, so no pair
// comes twice and a chunk that is left out, repeated or moved is seen three times: by its sequence, by the chain of the
// CRC, and by the counts and the digest at the end. The CRC finds damage early; the digest makes sure of the whole.
//
// The header of a chunk and its CRC are the same at every level, so that an older build can tell a newer snapshot from a
// damaged one. What the payloads hold is of the level, which every chunk repeats.
//
// A length is believed only up to its bound and memory is taken only for bytes that came: a hostile one costs nothing.

using System.Buffers.Binary;
using Raftd.Store.Buckets;

namespace Raftd.Store.Snapshots;

internal enum SnapshotChunkKind : byte
{
    Meta = 1,
    Pairs = 2,
    End = 3,
}

/// <summary>Numbers and the chunk header of the format; docs/snapshot-format.md is the same box for readers.</summary>
internal static class SnapshotFormat
{
    public const int HeaderBytes = 24;
    public const int PairHeaderBytes = 6;
    public const byte NoBucket = 255;
    public const int MetaFixedBytes = 60;
    public const int MaxConfigurationBytes = 1 << 20;
    public const int CountsBytes = sizeof(ulong) * BucketLimits.BucketCount;
    public const int DigestBytes = 32;
    public const int EndBytes = CountsBytes + DigestBytes;

    /// <summary>A chunk may hold one pair of the largest size.</summary>
    public const int MaxPayloadBytes = PairHeaderBytes + BucketLimits.MaxKeyBytes + BucketLimits.MaxValueBytes;

    public static ReadOnlySpan<byte> Magic => "raftdsnp"u8;

    /// <summary>Fills the first 24 bytes of a chunk whose payload is in place; answers its CRC.</summary>
    public static uint Seal(Span<byte> chunk, uint previousCrc, SnapshotChunkHeader header)
    {
        BinaryPrimitives.WriteInt32LittleEndian(chunk, chunk.Length - HeaderBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(chunk[8..], header.Sequence);
        chunk[16] = (byte)header.Kind;
        chunk[17] = header.Bucket;
        BinaryPrimitives.WriteUInt16LittleEndian(chunk[18..], header.FeatureLevel);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk[20..], header.Pairs);
        var crc = Checksum(chunk, previousCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk[4..], crc);
        return crc;
    }

    public static uint Checksum(ReadOnlySpan<byte> chunk, uint previousCrc)
    {
        Span<byte> previous = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(previous, previousCrc);
        var crc = Crc32C.Append(0, previous);
        crc = Crc32C.Append(crc, chunk[..4]);
        return Crc32C.Append(crc, chunk[8..]);
    }

    public static int MetaBytes(SnapshotMeta meta) => MetaFixedBytes + meta.Configuration.Length;

    public static void WriteMeta(Span<byte> payload, SnapshotMeta meta)
    {
        Magic.CopyTo(payload);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], meta.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[16..], meta.Term);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[24..], meta.Hash);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[32..], meta.ClusterId);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[40..], meta.ConfigurationIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[48..], meta.StoreRevision);
        BinaryPrimitives.WriteInt32LittleEndian(payload[56..], meta.Configuration.Length);
        meta.Configuration.Span.CopyTo(payload[MetaFixedBytes..]);
    }

    /// <summary>Null when the payload is not a meta payload.</summary>
    public static SnapshotMeta? ReadMeta(ReadOnlySpan<byte> payload, int featureLevel)
    {
        if (payload.Length < MetaFixedBytes || !payload.StartsWith(Magic))
        {
            return null;
        }

        var configurationBytes = BinaryPrimitives.ReadUInt32LittleEndian(payload[56..]);
        if (configurationBytes > MaxConfigurationBytes || payload.Length - MetaFixedBytes != configurationBytes)
        {
            return null;
        }

        return new SnapshotMeta(
            Index: BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]),
            Term: BinaryPrimitives.ReadUInt64LittleEndian(payload[16..]),
            Hash: BinaryPrimitives.ReadUInt64LittleEndian(payload[24..]),
            ClusterId: BinaryPrimitives.ReadUInt64LittleEndian(payload[32..]),
            Configuration: payload[MetaFixedBytes..].ToArray(),
            ConfigurationIndex: BinaryPrimitives.ReadUInt64LittleEndian(payload[40..]),
            StoreRevision: BinaryPrimitives.ReadUInt64LittleEndian(payload[48..]),
            FeatureLevel: featureLevel);
    }
}

/// <summary>The first 24 bytes of a chunk.</summary>
internal readonly record struct SnapshotChunkHeader(
    ulong Sequence, SnapshotChunkKind Kind, byte Bucket, uint Pairs, ushort FeatureLevel)
{
    public int PayloadBytes { get; private init; }

    public uint Crc { get; private init; }

    /// <summary>Takes the numbers as they stand; a payload length beyond int becomes -1.</summary>
    public static SnapshotChunkHeader Read(ReadOnlySpan<byte> chunk)
    {
        var payloadBytes = BinaryPrimitives.ReadUInt32LittleEndian(chunk);
        return new SnapshotChunkHeader(
            BinaryPrimitives.ReadUInt64LittleEndian(chunk[8..]),
            (SnapshotChunkKind)chunk[16],
            chunk[17],
            BinaryPrimitives.ReadUInt32LittleEndian(chunk[20..]),
            BinaryPrimitives.ReadUInt16LittleEndian(chunk[18..]))
        {
            PayloadBytes = payloadBytes <= int.MaxValue ? (int)payloadBytes : -1,
            Crc = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]),
        };
    }
}
