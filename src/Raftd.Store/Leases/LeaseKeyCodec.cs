// Layout of the pair of a key in the leases bucket.
//
//   key:    lease id (8 bytes, big-endian), mod revision of the key (8 bytes, big-endian)
//   value:  +--------+------------+--------------------------------------+
//           | format | generation | milliseconds left + 1, 0 for nothing |
//           | 1 byte | number     | number                               |
//           +--------+------------+--------------------------------------+
//           format: 1.  Numbers are varints (WireWriter).
//
// Most keys have no pair. It is made when there is something to remember that neither the key's newest record nor the
// lease's says: what a silent key had left, or that an entry has renewed the key since its lease's floor was taken. The
// mod revision stands for the key's name, which may be longer than a key of LMDB: an entry sets at most one key with a
// deadline of its own, so no two of a lease have the same. A pair that belongs to no such key is damage.

using System.Buffers.Binary;
using Raftd.State.Leases;
using Raftd.State.Wire;
using Raftd.Store.Buckets;

namespace Raftd.Store.Leases;

/// <summary>What is stored of a lease's key to bytes and back.</summary>
internal static class LeaseKeyCodec
{
    public const int EncodedKeyBytes = 16;

    private const byte Format = 1;

    public static void WriteTo(WireWriter writer, LeaseKeyRecord key)
    {
        writer.Byte(Format);
        writer.Number(key.Generation);
        writer.Number(key.RemainingMilliseconds + 1);
    }

    public static void WriteKey(Span<byte> destination, long id, long modRevision)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, id);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], modRevision);
    }

    /// <summary>The stored part of a key with a deadline of its own.</summary>
    /// <exception cref="BucketStoreException">The bytes are not what WriteTo wrote.</exception>
    public static LeaseKeyRecord Read(long id, long modRevision, ReadOnlySpan<byte> source)
    {
        var reader = new WireReader(source);
        var format = reader.Byte();
        var record = new LeaseKeyRecord(OwnDeadline: true, modRevision)
        {
            Generation = reader.Number(),
            RemainingMilliseconds = reader.Number() - 1,
        };
        return format == Format && reader.IsWhole && record.IsStored
            ? record
            : throw new BucketStoreException(
                BucketStoreFault.Corrupt,
                $"lease {id}, key of revision {modRevision}: {source.Length} bytes are no record of format {Format}");
    }
}
