// The rules of leases that every member applies (docs/leases.md). Only the leader knows when a lease's time is over
// (Lessor.cs). Its expiry arrives here as an entry like any other, and is checked against what has happened since it was
// proposed.

using Raftd.Contract;
using Raftd.State.Keyspaces;

namespace Raftd.State.Leases;

/// <summary>Changes keys and leases together, so that each key and its lease know of each other. Apply thread.</summary>
public sealed class LeaseApplier(IKeyspace keyspace, ILeaseTable leases, List<LeaseChange> changes)
{
    /// <summary>Sets a key and settles its leases: the one before lets go of it, the new one takes it.</summary>
    /// <param name="key">Kept.</param>
    /// <param name="value">Kept.</param>
    /// <param name="lease">It exists; 0 for none.</param>
    /// <param name="flags">Of the version that is made.</param>
    public void SetKey(byte[] key, byte[] value, long lease, KeyFlags flags)
    {
        if (keyspace.FindLive(key) is { Lease: not 0 } former)
        {
            Detach(former, lease);
        }

        var record = keyspace.Put(key, value, lease, flags);
        if (lease == 0)
        {
            return;
        }

        var attached = new LeaseKeyRecord((flags & KeyFlags.OwnDeadline) != 0, record.Revision.Main);
        leases.Attach(lease, record.Key, attached);
        if (attached.OwnDeadline)
        {
            changes.Add(new LeaseChange(LeaseChangeKind.KeySet, lease, Key: record.Key, KeyRecord: attached));
        }
        else
        {
            MaybeClaim(lease);
        }
    }

    public void DeleteKey(ILiveKey live)
    {
        if (live.Lease != 0)
        {
            Detach(live, newLease: 0);
        }

        keyspace.Delete(live);
    }

    /// <summary>As DeleteKey for all live keys of a range, in one stroke.</summary>
    /// <returns>How many; null where this keyspace deletes them one by one.</returns>
    public long? DeleteAll(KeyRange range)
    {
        var deleted = keyspace.DeleteAll(range);
        if (deleted is not null)
        {
            keyspace.Count(-leases.DetachAll(range, changes));
        }

        return deleted;
    }

    public void Add(LeaseRecord lease)
    {
        leases.Set(lease);
        keyspace.Count(lease.LogicalBytes);
        changes.Add(new LeaseChange(LeaseChangeKind.Granted, lease.Id, lease));
    }

    /// <summary>Ends a lease: its keys go in the one revision that is open, or in a new one.</summary>
    /// <returns>The number of keys that each slice has deleted: sliceKeys, but for the last, with which the lease goes.</returns>
    public IEnumerable<int> Revoke(LeaseRecord lease, int sliceKeys)
    {
        while (true)
        {
            var keys = leases.KeysOf(lease.Id, sliceKeys);
            keys.ForEach(key => DeleteKeyOf(lease, key));
            if (keys.Count < sliceKeys)
            {
                Drop(lease);
                yield return keys.Count;
                yield break;
            }

            yield return keys.Count;
        }
    }

    /// <summary>The key of an expiry that still holds: nothing has renewed the lease by an entry or changed the key.</summary>
    public ILiveKey? FindDue(LeaseKeyExpiry due) =>
        leases.Find(due.Id) is { } lease
        && lease.Generation == due.Generation
        && keyspace.FindLive(due.Key.Span) is { HasOwnDeadline: true } live
        && live.Lease == due.Id
        && live.Revision.Main == due.ModRevision
            ? live
            : null;

    /// <summary>Deletes a key that ran out, and its lease if that was its last key. True if the lease went too.</summary>
    public bool ExpireKey(ILiveKey key)
    {
        DeleteKey(key);
        if (leases.HasKeys(key.Lease))
        {
            return false;
        }

        Drop(leases.Find(key.Lease)!);
        return true;
    }

    private void DeleteKeyOf(LeaseRecord lease, byte[] key)
    {
        var live = keyspace.FindLive(key);
        Invariant.Check(
            live is not null && live.Lease == lease.Id, $"lease {lease.Id} has a key that names lease {live?.Lease}");
        leases.Detach(lease.Id, key);
        keyspace.Delete(live!);
    }

    /// <summary>Takes a key from its lease. A hidden lease is owned by its key and goes with it.</summary>
    private void Detach(ILiveKey key, long newLease)
    {
        leases.Detach(key.Lease, key.Key);
        if (key.HasOwnDeadline)
        {
            changes.Add(new LeaseChange(LeaseChangeKind.KeyRemoved, key.Lease, Key: key.Key));
        }

        var former = leases.Find(key.Lease);
        Invariant.Check(former is not null, $"revision {key.Revision} names lease {key.Lease}, which does not exist");
        if (former.Hidden && key.Lease != newLease)
        {
            Drop(former);
        }
    }

    /// <summary>A first key begins the time of a REST grant; a lease of the etcd API has counted since its grant.</summary>
    private void MaybeClaim(long id)
    {
        var lease = leases.Find(id)!;
        if (lease.Status == LeaseStatus.Alive)
        {
            return;
        }

        var claimed = lease with { Status = LeaseStatus.Alive };
        if (lease.IsUnclaimed)
        {
            claimed = claimed with { Generation = lease.Generation + 1, CheckpointMilliseconds = -1 };
        }

        leases.Set(claimed);
        changes.Add(new LeaseChange(LeaseChangeKind.Claimed, id, claimed));
    }

    /// <summary>Removes the lease itself; its keys were dealt with.</summary>
    private void Drop(LeaseRecord lease)
    {
        leases.Remove(lease);
        keyspace.Count(-lease.LogicalBytes);
        changes.Add(new LeaseChange(LeaseChangeKind.Removed, lease.Id));
    }
}
