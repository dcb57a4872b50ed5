using System.Buffers.Binary;
using Raftd.State.Leases;
using Raftd.State.Trees;
using Raftd.State.Wire;
using Raftd.Store.Buckets;
using Raftd.Store.Leases;
using Raftd.Store.Mvcc;

namespace Raftd.Store;

/// <summary>Compares the leases of a view with its keys, and with what is stored.</summary>
internal static class LeaseAudit
{
    public static string? Run(StateAudit audit)
    {
        var view = audit.View;
        var leased = 0L;
        for (var keys = view.Index.All(); keys.MoveNext();)
        {
            leased += keys.Item.Lease == 0 ? 0 : keys.Item.Weight;
            if (AuditLease(view, keys.Item) is { } difference)
            {
                return difference;
            }
        }

        if (leased != view.Leases.Keys.Weight)
        {
            return $"{leased} keys name a lease, leases know {view.Leases.Keys.Weight}";
        }

        return audit.StoreOfView is { } reader ? AuditStored(view, reader) : null;
    }

    private static string? AuditLease(StateView view, KeyRecord key)
    {
        if (key.IsTombstone || key.Lease == 0)
        {
            return null;
        }

        if (view.Leases.ById.Find(new NumberProbe(key.Lease)) is null)
        {
            return $"revision {key.Revision} names lease {key.Lease}, which does not exist";
        }

        var attached = view.Leases.Keys.Find(new IdKeyProbe(key.Lease, key.Key));
        return attached is { } found
            && found.OwnDeadline == key.HasOwnDeadline && found.ModRevision == key.Revision.Main
                ? null
                : $"lease {key.Lease} does not know its key of revision {key.Revision}";
    }

    /// <summary>Where the store is of the view's moment, its leases are those of the view, byte for byte.</summary>
    private static string? AuditStored(StateView view, IBucketReader reader)
    {
        var pairs = view.Leases.ById.Weight;
        var value = new WireWriter();
        Span<byte> key = stackalloc byte[LeaseKeyCodec.EncodedKeyBytes];
        for (var leases = view.Leases.ById.All(); leases.MoveNext();)
        {
            value.Reset();
            LeaseCodec.WriteTo(value, leases.Item);
            BinaryPrimitives.WriteInt64BigEndian(key, leases.Key);
            if (!IsStoredAs(reader, key[..8], value))
            {
                return $"lease {leases.Key} differs from what is stored";
            }
        }

        for (var keys = view.Leases.Keys.All(); keys.MoveNext();)
        {
            if (!keys.Item.IsStored)
            {
                continue;
            }

            pairs++;
            value.Reset();
            LeaseKeyCodec.WriteTo(value, keys.Item);
            LeaseKeyCodec.WriteKey(key, keys.Key.Id, keys.Item.ModRevision);
            if (!IsStoredAs(reader, key, value))
            {
                return $"lease {keys.Key.Id}: the key of revision {keys.Item.ModRevision} differs from what is stored";
            }
        }

        var stored = reader.Count(Bucket.Leases);
        return stored == pairs ? null : $"{pairs} pairs of leases should be stored, there are {stored}";
    }

    private static bool IsStoredAs(IBucketReader reader, ReadOnlySpan<byte> key, WireWriter value)
    {
        StoredChecksum.Seal(value, key);
        return reader.TryGet(Bucket.Leases, key, out var stored) && stored.SequenceEqual(value.Written);
    }
}
