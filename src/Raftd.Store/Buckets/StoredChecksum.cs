// Checksums of what the store holds.
//
// LMDB trusts its pages: it hands out a rotten bit as it is, to clients and into snapshots. So every value ends with a
// CRC-32C over its key and itself, little-endian. The record of a revision has two, one after its head and one after its
// value: a start reads the heads of all records, and not a gigabyte of values (RevisionCodec).

using System.Buffers.Binary;
using Raftd.State.Wire;

namespace Raftd.Store.Buckets;

internal static class StoredChecksum
{
    public const int Bytes = sizeof(uint);

    /// <summary>Ends what was written since the writer's reset, the value of this key.</summary>
    public static void Seal(WireWriter writer, ReadOnlySpan<byte> key) => writer.Fixed32(Of(key, writer.Written));

    /// <summary>The value without its checksum.</summary>
    /// <exception cref="BucketStoreException">Corrupt: it is not what was stored under this key.</exception>
    public static ReadOnlySpan<byte> Open(Bucket bucket, ReadOnlySpan<byte> key, ReadOnlySpan<byte> stored)
    {
        if (stored.Length >= Bytes)
        {
            var value = stored[..^Bytes];
            if (Of(key, value) == BinaryPrimitives.ReadUInt32LittleEndian(stored[^Bytes..]))
            {
                return value;
            }
        }

        throw new BucketStoreException(
            BucketStoreFault.Corrupt, $"bucket {bucket}: the {stored.Length} bytes of key {Convert.ToHexString(key)} do not have their checksum");
    }

    public static uint Of(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Crc32C.Append(Crc32C.Append(0, key), value);
}
