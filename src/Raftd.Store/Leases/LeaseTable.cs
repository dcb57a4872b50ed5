using Raftd.Store.Mvcc;

namespace Raftd.Store.Leases;

/// <summary>The writer's side of the leases: by id, by name, and the keys of each. It knows no rule about them.</summary>
internal sealed class LeaseTable(StateHash hash)
{
    public CowTree<long, LeaseRecord> ById { get; } = new();

    /// <summary>Without hidden leases.</summary>
    public CowTree<NamedId, LeaseRecord> ByName { get; } = new();

    public CowTree<IdKey, LeaseKeyRecord> Keys { get; } = new();

    /// <summary>Leases changed since the last freeze; null for those that are gone.</summary>
    public Dictionary<long, LeaseRecord?> Unflushed { get; private set; } = [];

    /// <summary>Since the last publish, in order.</summary>
    public List<LeaseChange> Changes { get; } = [];

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
        hash.Add(lease.Id, lease.TtlSeconds);
        hash.Add(lease.Generation, lease.CheckpointMilliseconds);
        hash.Add(((int)lease.Kind << 2) | ((int)lease.Status << 1) | (lease.Hidden ? 1 : 0), 0);
        hash.Add(lease.Name);
        foreach (var checkpoint in lease.KeyCheckpoints)
        {
            hash.Add(checkpoint.Key);
            hash.Add(checkpoint.ModRevision, checkpoint.RemainingMilliseconds);
        }
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
        hash.Add(lease.Id, -1);
    }

    public void Attach(long id, byte[] key, bool ownDeadline, long modRevision) =>
        Keys.Set(new IdKeyProbe(id, key), new IdKey(id, key), new LeaseKeyRecord(ownDeadline, modRevision));

    public void Detach(long id, byte[] key) => Keys.Remove(new IdKeyProbe(id, key));

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

    /// <summary>How many keys the lease has. Takes logarithmic time.</summary>
    public long CountKeys(long id)
    {
        var keys = Keys.Working;
        var end = id == long.MaxValue ? keys.Weight : keys.WeightBefore(new IdKeyProbe(id + 1, default));
        return end - keys.WeightBefore(new IdKeyProbe(id, default));
    }

    /// <summary>Checkpoints of the keys with a deadline of their own, but for one, each with so much left.</summary>
    public IEnumerable<KeyCheckpoint> OwnKeysBut(long id, byte[] named, long remainingMilliseconds)
    {
        var keys = new List<KeyCheckpoint>();
        var scan = Keys.Working.From(new IdKeyProbe(id, default));
        while (scan.MoveNext() && scan.Key.Id == id)
        {
            if (scan.Item.OwnDeadline && !named.AsSpan().SequenceEqual(scan.Key.Key))
            {
                keys.Add(new KeyCheckpoint(scan.Key.Key, scan.Item.ModRevision, remainingMilliseconds));
            }
        }

        return keys;
    }

    public Dictionary<long, LeaseRecord?> TakeUnflushed()
    {
        var taken = Unflushed;
        Unflushed = [];
        return taken;
    }
}
