// Layout of a pair in the revisions bucket.
//
//   key:    main (8 bytes, big-endian), sub (8 bytes, big-endian): byte order is revision order
//   value:  +--------+--------+--------+---------+--------+--------------+--------------+-----+-------+-----+
//           | format | flags  | create | version | lease  | key          | value length | CRC | value | CRC |
//           | 1 byte | 1 byte | number | number  | number | length+bytes | number       | 4 B | bytes | 4 B |
//           +--------+--------+--------+---------+--------+--------------+--------------+-----+-------+-----+
//           format: 1.  flags: 1 tombstone, 2 the key has a deadline of its own within its lease.
//           Numbers are varints (WireWriter). A tombstone has create, version, lease 0 and an empty value.
//           The first CRC-32C is over the pair's key and all before it, the second over the first and the value.

using System.Buffers.Binary;
using Raftd.State.Keyspaces;
using Raftd.State.Wire;
using Raftd.Store.Buckets;

namespace Raftd.Store.Mvcc;

/// <summary>A record of the revisions bucket to bytes and back.</summary>
internal static class RevisionCodec
{
    private const byte Format = 1;

    /// <param name="writer">As its reset left it: the checksum is over all that it holds.</param>
    /// <param name="record">With its value.</param>
    public static void WriteTo(WireWriter writer, RevisionRecord record)
    {
        writer.Byte(Format);
        writer.Byte((byte)record.Flags);
        writer.Number(record.CreateRevision);
        writer.Number(record.Version);
        writer.Number(record.Lease);
        writer.Bytes(record.Key);
        writer.Number(record.Value.Length);
        Span<byte> key = stackalloc byte[Revision.EncodedBytes];
        record.Revision.WriteTo(key);
        var head = StoredChecksum.Of(key, writer.Written);
        writer.Fixed32(head);
        writer.Raw(record.Value);
        writer.Fixed32(Crc32C.Append(head, record.Value));
    }

    /// <summary>Decodes a stored record into memory of its own.</summary>
    /// <param name="revision">The pair's key.</param>
    /// <param name="source">The pair's value.</param>
    /// <param name="maxValueBytes">A larger value is left out and not even looked at.</param>
    /// <exception cref="BucketStoreException">The bytes are not what WriteTo wrote.</exception>
    public static RevisionRecord Read(Revision revision, ReadOnlySpan<byte> source, int maxValueBytes = int.MaxValue)
    {
        var reader = new WireReader(source);
        var format = reader.Byte();
        var flags = (KeyFlags)reader.Byte();
        var create = reader.Number();
        var version = reader.Number();
        var lease = reader.Number();
        var key = reader.SpanBytes();
        var valueBytes = reader.Number();
        var headBytes = reader.Position;
        var head = reader.Fixed32();
        Require(!reader.Failed && format == Format && source.Length - reader.Position == valueBytes + StoredChecksum.Bytes);
        Span<byte> pairKey = stackalloc byte[Revision.EncodedBytes];
        revision.WriteTo(pairKey);
        Require(head == StoredChecksum.Of(pairKey, source[..headBytes]));

        var value = source[reader.Position..^StoredChecksum.Bytes];
        var isKept = value.Length <= maxValueBytes;
        Require(!isKept || Crc32C.Append(head, value) == BinaryPrimitives.ReadUInt32LittleEndian(source[^StoredChecksum.Bytes..]));
        return new RevisionRecord(revision, key.ToArray(), isKept ? value.ToArray() : [], create, version, lease, flags)
        {
            ValueBytes = value.Length,
        };

        void Require(bool condition)
        {
            if (!condition)
            {
                throw new BucketStoreException(BucketStoreFault.Corrupt, $"revision {revision} is not what was stored");
            }
        }
    }
}
