using Raftd.State.Keyspaces;
using Raftd.State.Trees;
using Raftd.State.Views;

namespace Raftd.State.Leases;

/// <summary>The leases of one moment, and what a view is asked of them. Never changes; any thread.</summary>
internal readonly record struct LeaseTrees(
    CowSnapshot<long, LeaseRecord> ById, CowSnapshot<NamedId, LeaseRecord> ByName, CowSnapshot<IdKey, LeaseKeyRecord> Keys)
{
    public LeaseRecord? Find(long id) => ById.Find(new NumberProbe(id));

    public LeaseKeyRecord? FindKey(long id, ReadOnlySpan<byte> key) => Keys.Find(new IdKeyProbe(id, key));

    /// <summary>In the order of ids, hidden ones included, from the first whose id is not below this one.</summary>
    public IEnumerable<LeaseRecord> From(long id)
    {
        for (var scan = ById.From(new NumberProbe(id)); scan.MoveNext();)
        {
            yield return scan.Item;
        }
    }

    /// <summary>Those whose names begin with the prefix, in the order of names and ids; none without a name.</summary>
    public IEnumerable<LeaseRecord> Named(byte[] prefix)
    {
        var scan = ByName.From(new NamedIdProbe(prefix, long.MinValue));
        while (scan.MoveNext() && scan.Key.Name.AsSpan().StartsWith(prefix))
        {
            yield return scan.Item;
        }
    }

    /// <summary>The keys of a range, in the order of leases and keys: a look for each lease that has keys, and one for each of these.
    /// </summary>
    public IEnumerable<(IdKey Of, LeaseKeyRecord Record)> KeysIn(KeyRange range)
    {
        var id = 0L;
        while (true)
        {
            var scan = Keys.From(new IdKeyProbe(id, range.Low.Span));
            if (!scan.MoveNext())
            {
                yield break;
            }

            if (scan.Key.Id > id)
            {
                // The next lease may have keys below the range.
                id = scan.Key.Id;
                continue;
            }

            do
            {
                if (!range.IsBeforeEnd(scan.Key.Key))
                {
                    break;
                }

                yield return (scan.Key, scan.Item);
            }
            while (scan.MoveNext() && scan.Key.Id == id);

            if (id == long.MaxValue)
            {
                yield break;
            }

            id++;
        }
    }

    /// <summary>The keys of a lease in their order, from the first that is not below this one.</summary>
    public IEnumerable<AttachedKey> KeysOf(long lease, byte[] from)
    {
        var scan = Keys.From(new IdKeyProbe(lease, from));
        while (scan.MoveNext() && scan.Key.Id == lease)
        {
            yield return new AttachedKey(scan.Key.Key, scan.Item);
        }
    }
}
