using System.Buffers.Binary;
using Raftd.State.Leases;
using Raftd.Store.Buckets;
using Raftd.Store.Leases;

namespace Raftd.Store;

/// <summary>Leases, and what is stored of their keys: the leases bucket. Each key itself says which lease it is of.</summary>
internal sealed class LeasePart : IStatePart
{
    private const int LeaseKeyBytes = sizeof(long);

    public Bucket Bucket => Bucket.Leases;

    public void Load(IBucketReader reader, StoredMeta meta, StateCopy copy) => Attach(copy, LoadPairs(reader, copy));

    public void ShowIn(StateView view, StateCopy copy) => view.Leases = copy.Leases.Freeze();

    public Action<FlushWriter> TakeUnflushed(StateCopy copy)
    {
        var (leases, keys) = copy.Leases.TakeUnflushed();
        return writer =>
        {
            WriteLeases(writer, leases);
            WriteKeys(writer, keys);
        };
    }

    public string? Audit(StateAudit audit) => LeaseAudit.Run(audit);

    /// <returns>What is stored of keys. Each key takes its own; what is left belongs to no key and is damage.</returns>
    private static Dictionary<LeaseKeyId, LeaseKeyRecord> LoadPairs(IBucketReader reader, StateCopy copy)
    {
        var keys = new Dictionary<LeaseKeyId, LeaseKeyRecord>();
        using var cursor = reader.OpenCursor(Bucket.Leases);
        for (var found = cursor.Seek([]); found; found = cursor.MoveNext())
        {
            var stored = StoredChecksum.Open(Bucket.Leases, cursor.Key, cursor.Value);
            var id = BinaryPrimitives.ReadInt64BigEndian(cursor.Key);
            if (cursor.Key.Length == LeaseKeyCodec.EncodedKeyBytes)
            {
                var modRevision = BinaryPrimitives.ReadInt64BigEndian(cursor.Key[8..]);
                keys.Add(new LeaseKeyId(id, modRevision), LeaseKeyCodec.Read(id, modRevision, stored));
                copy.Keyspace.Count(LeaseKeyRecord.StoredBytes);
                continue;
            }

            if (!LeaseCodec.TryRead(id, stored, out var lease))
            {
                throw BucketStoreException.Corrupt($"lease {id}: {stored.Length} bytes are no record of a lease");
            }

            copy.Leases.Restore(lease);
            copy.Keyspace.Count(lease.LogicalBytes);
        }

        return keys;
    }

    private static void Attach(StateCopy copy, Dictionary<LeaseKeyId, LeaseKeyRecord> stored)
    {
        var scan = copy.Keyspace.Index.Working.All();
        while (scan.MoveNext())
        {
            var key = scan.Item;
            if (key.IsTombstone || key.Lease == 0)
            {
                continue;
            }

            if (copy.Leases.Find(key.Lease) is null)
            {
                throw BucketStoreException.Corrupt($"the key of revision {key.Revision} names lease {key.Lease}, which is not stored");
            }

            var isStored = stored.Remove(new LeaseKeyId(key.Lease, key.Revision.Main), out var record);
            if (isStored && !key.HasOwnDeadline)
            {
                throw BucketStoreException.Corrupt(
                    $"a lease pair is stored for the key of revision {key.Revision}, which has no deadline of its own");
            }

            copy.Leases.Attach(
                key.Lease, key.Key, record ?? new LeaseKeyRecord(key.HasOwnDeadline, key.Revision.Main));
        }

        if (stored.Count > 0)
        {
            throw BucketStoreException.Corrupt($"a lease pair is stored for {stored.Keys.First()}, a key that does not exist");
        }
    }

    private static void WriteLeases(FlushWriter writer, Dictionary<long, LeaseRecord?> leases)
    {
        Span<byte> key = stackalloc byte[LeaseKeyBytes];
        foreach (var (id, lease) in leases)
        {
            BinaryPrimitives.WriteInt64BigEndian(key, id);
            if (lease is null)
            {
                writer.Delete(Bucket.Leases, key);
                continue;
            }

            LeaseCodec.WriteTo(writer.NewValue(), lease);
            writer.PutSealed(Bucket.Leases, key);
        }
    }

    private static void WriteKeys(FlushWriter writer, Dictionary<LeaseKeyId, LeaseKeyRecord?> keys)
    {
        Span<byte> key = stackalloc byte[LeaseKeyCodec.EncodedKeyBytes];
        foreach (var ((id, modRevision), record) in keys)
        {
            LeaseKeyCodec.WriteKey(key, id, modRevision);
            if (record is null)
            {
                writer.Delete(Bucket.Leases, key);
                continue;
            }

            LeaseKeyCodec.WriteTo(writer.NewValue(), record);
            writer.PutSealed(Bucket.Leases, key);
        }
    }
}
