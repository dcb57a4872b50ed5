// Layout of a pair in the revisions bucket.
//
//   key:    main (8 bytes, big-endian), sub (8 bytes, big-endian): byte order is revision order
//   value:  +--------+--------+--------+---------+--------+--------------+----------------+
//           | format | flags  | create | version | lease  | key          | value          |
//           | 1 byte | 1 byte | number | number  | number | length+bytes | length + bytes |
//           +--------+--------+--------+---------+--------+--------------+----------------+
//           format: 1.  flags: 1 tombstone, 2 the key has a deadline of its own within its lease.
//           Numbers are varints (WireWriter). A tombstone has create, version, lease 0 and an empty value.
//           No checksum here: pages are the bucket store's to protect, snapshots checksum their chunks.

using Raftd.Store.Buckets;
using Raftd.Store.Commands;

namespace Raftd.Store.Mvcc;

[Flags]
internal enum KeyFlags : byte
{
    None = 0,

    Tombstone = 1,

    /// <summary>Set by a keepalive that named the key: it has a deadline of its own within its lease.</summary>
    OwnDeadline = 2,
}

/// <summary>One version of a key, or its deletion. Never changes.</summary>
internal sealed record RevisionRecord(
    Revision Revision,
    byte[] Key,
    byte[] Value,
    long CreateRevision,
    long Version,
    long Lease,
    KeyFlags Flags)
{
    /// <summary>What a record counts beyond its key and value in the logical bytes: about what metadata, pages and
    /// index take. Part of the replicated state: it never changes.</summary>
    public const int OverheadBytes = 64;

    /// <summary>The length of the value as stored; Value itself may have been left out by ReadForIndex.</summary>
    public int ValueBytes { get; init; } = Value.Length;

    public bool IsTombstone => (Flags & KeyFlags.Tombstone) != 0;

    public int LogicalBytes => Key.Length + ValueBytes + OverheadBytes;

    /// <summary>Whether a record of this size fits one pair of the bucket.</summary>
    public static bool Fits(long keyBytes, long valueBytes) =>
        keyBytes + valueBytes + OverheadBytes <= BucketLimits.MaxValueBytes;

    public void WriteTo(WireWriter writer)
    {
        writer.Byte(1);
        writer.Byte((byte)Flags);
        writer.Number(CreateRevision);
        writer.Number(Version);
        writer.Number(Lease);
        writer.Bytes(Key);
        writer.Bytes(Value);
    }

    /// <summary>Decodes a stored record into memory of its own.</summary>
    /// <exception cref="BucketStoreException">The bytes are not what WriteTo wrote.</exception>
    public static RevisionRecord Read(Revision revision, ReadOnlySpan<byte> source) =>
        Read(revision, source, maxValueBytes: int.MaxValue);

    /// <summary>As Read, without the value if it is larger: a start does not copy what it does not keep.</summary>
    public static RevisionRecord ReadForIndex(Revision revision, ReadOnlySpan<byte> source, int maxValueBytes) =>
        Read(revision, source, maxValueBytes);

    private static RevisionRecord Read(Revision revision, ReadOnlySpan<byte> source, int maxValueBytes)
    {
        var reader = new WireReader(source);
        var format = reader.Byte();
        var flags = (KeyFlags)reader.Byte();
        var create = reader.Number();
        var version = reader.Number();
        var lease = reader.Number();
        var key = reader.SpanBytes();
        var value = reader.SpanBytes();
        if (format != 1 || !reader.IsWhole)
        {
            throw new BucketStoreException(
                BucketStoreFault.Corrupt, $"revision {revision}: {source.Length} bytes are no record of format 1");
        }

        var kept = value.Length <= maxValueBytes ? value.ToArray() : [];
        return new RevisionRecord(revision, key.ToArray(), kept, create, version, lease, flags)
        {
            ValueBytes = value.Length,
        };
    }
}
