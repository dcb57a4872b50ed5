// A key of a lease, and the layout of its pair in the leases bucket.
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
using Raftd.Store.Buckets;
using Raftd.Store.Commands;
using Raftd.Store.Mvcc;

namespace Raftd.Store.Leases;

/// <summary>A key attached to a lease. Never changes: a change makes another record.</summary>
internal sealed record LeaseKeyRecord(bool OwnDeadline, long ModRevision) : IWeighted
{
    /// <summary>What the pair counts in the logical bytes. Part of the replicated state.</summary>
    public const int StoredBytes = 64;

    public const int EncodedKeyBytes = 16;

    private const byte Format = 1;

    /// <summary>Of the lease when an entry last renewed or checkpointed the key; 0 while there is no pair.</summary>
    public long Generation { get; init; }

    /// <summary>What was left at that checkpoint; -1 where the entry was a renewal.</summary>
    public long RemainingMilliseconds { get; init; } = -1;

    public bool IsStored => Generation != 0;

    public int Weight => 1;

    public void WriteTo(WireWriter writer)
    {
        writer.Byte(Format);
        writer.Number(Generation);
        writer.Number(RemainingMilliseconds + 1);
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
