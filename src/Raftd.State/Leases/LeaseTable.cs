using Raftd.State.Keyspaces;
using Raftd.State.Trees;

namespace Raftd.State.Leases;

/// <summary>The writer's side of the leases: by id, by name, and the keys of each. It knows no rule about them.</summary>
/// <param name="hash">Takes in what is changed.</param>
/// <param name="countBytes">Told of the logical bytes that it takes, or gives back.</param>
/// <param name="start">The leases to begin with; none where it is left out.</param>
internal sealed class LeaseTable(StateHash hash, Action<long> countBytes, LeaseTrees start = default) : ILeaseTable
{
    public CowTree<long, LeaseRecord> ById { get; } = new(start.ById);

    /// <summary>Without hidden leases.</summary>
    public CowTree<NamedId, LeaseRecord> ByName { get; } = new(start.ByName);

    public CowTree<IdKey, LeaseKeyRecord> Keys { get; } = new(start.Keys);

    /// <summary>Leases changed since the last freeze; null for those that are gone.</summary>
    public Dictionary<long, LeaseRecord?> Unflushed { get; private set; } = [];

    /// <summary>As Unflushed, for what is stored of keys; null for what is to be deleted.</summary>
    public Dictionary<LeaseKeyId, LeaseKeyRecord?> UnflushedKeys { get; private set; } = [];

    /// <summary>The leases as they are now, for any thread and for ever.</summary>
    public LeaseTrees Freeze() => new(ById.Freeze(), ByName.Freeze(), Keys.Freeze());

    public LeaseRecord? Find(long id) => ById.Working.Find(new NumberProbe(id));

    public bool IsNameTaken(ReadOnlySpan<byte> name)
    {
        var scan = ByName.Working.From(new NamedIdProbe(name, long.MinValue));
        return scan.MoveNext() && name.SequenceEqual(scan.Key.Name);
    }

    public void Set(LeaseRecord lease)
    {
        Restore(lease);
        Unflushed[lease.Id] = lease;
        lease.AddTo(hash);
    }

    /// <summary>Takes a stored lease back at start.</summary>
    public void Restore(LeaseRecord lease)
    {
        ById.Set(new NumberProbe(lease.Id), lease.Id, lease);
        if (!lease.Hidden)
        {
            ByName.Set(new NamedIdProbe(lease.Name, lease.Id), new NamedId(lease.Name, lease.Id), lease);
        }
    }

    public void Remove(LeaseRecord lease)
    {
        ById.Remove(new NumberProbe(lease.Id));
        if (!lease.Hidden)
        {
            ByName.Remove(new NamedIdProbe(lease.Name, lease.Id));
        }

        Unflushed[lease.Id] = null;
        LeaseRecord.AddRemoved(hash, lease.Id);
    }

    /// <summary>A key that was not attached, or was detached before.</summary>
    public void Attach(long id, byte[] key, LeaseKeyRecord record) =>
        Keys.Set(new IdKeyProbe(id, key), new IdKey(id, key), record);

    public void Detach(long id, byte[] key)
    {
        if (Keys.Remove(new IdKeyProbe(id, key)) is { IsStored: true } former)
        {
            UnflushedKeys[new LeaseKeyId(id, former.ModRevision)] = null;
            countBytes(-LeaseKeyRecord.StoredBytes);
        }
    }

    public long DetachAll(KeyRange range, List<LeaseChange> changes)
    {
        var bytes = 0L;
        foreach (var (of, record) in Freeze().KeysIn(range))
        {
            Detach(of.Id, of.Key);
            if (record.OwnDeadline)
            {
                changes.Add(new LeaseChange(LeaseChangeKind.KeyRemoved, of.Id, Key: of.Key));
            }

            if (Find(of.Id) is { Hidden: true } hidden)
            {
                Remove(hidden);
                bytes += hidden.LogicalBytes;
                changes.Add(new LeaseChange(LeaseChangeKind.Removed, of.Id));
            }
        }

        return bytes;
    }

    public LeaseKeyRecord? FindKey(long id, ReadOnlySpan<byte> key) => Keys.Working.Find(new IdKeyProbe(id, key));

    /// <summary>Changes what is stored of an attached key.</summary>
    public void Store(long id, byte[] key, LeaseKeyRecord record)
    {
        var former = Keys.Set(new IdKeyProbe(id, key), new IdKey(id, key), record);
        Invariant.Check(former is not null, $"the key of revision {record.ModRevision} is not attached to lease {id}");
        UnflushedKeys[new LeaseKeyId(id, record.ModRevision)] = record.IsStored ? record : null;
        countBytes((record.IsStored ? LeaseKeyRecord.StoredBytes : 0) - (former.IsStored ? LeaseKeyRecord.StoredBytes : 0));
        record.AddTo(hash, id);
    }

    /// <summary>How many keys a lease has, without a look at each.</summary>
    public long CountKeys(long id)
    {
        var keys = Keys.Working;
        var through = id == long.MaxValue ? keys.Weight : keys.WeightBefore(new IdKeyProbe(id + 1, default));
        return through - keys.WeightBefore(new IdKeyProbe(id, default));
    }

    public bool HasKeys(long id)
    {
        var scan = Keys.Working.From(new IdKeyProbe(id, default));
        return scan.MoveNext() && scan.Key.Id == id;
    }

    /// <summary>The first keys of the lease, at most so many.</summary>
    public List<byte[]> KeysOf(long id, int max)
    {
        var keys = new List<byte[]>();
        var scan = Keys.Working.From(new IdKeyProbe(id, default));
        while (keys.Count < max && scan.MoveNext() && scan.Key.Id == id)
        {
            keys.Add(scan.Key.Key);
        }

        return keys;
    }

    public (Dictionary<long, LeaseRecord?> Leases, Dictionary<LeaseKeyId, LeaseKeyRecord?> Keys) TakeUnflushed()
    {
        var taken = (Unflushed, UnflushedKeys);
        Unflushed = [];
        UnflushedKeys = [];
        return taken;
    }
}

/// <summary>A key with a deadline of its own, as it is stored.</summary>
internal readonly record struct LeaseKeyId(long Id, long ModRevision);
