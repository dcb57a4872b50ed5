using Raftd.State.Keyspaces;
using Raftd.State.Trees;
using Raftd.Store.Buckets;
using Raftd.Store.Mvcc;

namespace Raftd.Store;

/// <summary>Compares the index of a view with the records it names, and the stored records with the index.</summary>
internal static class KeyspaceAudit
{
    public static string? Run(StateView view)
    {
        using var reader = new RecordReader(view.Epoch);
        var live = 0L;
        var scan = view.Index.All();
        byte[]? before = null;
        while (scan.MoveNext())
        {
            var key = scan.Item;
            live += key.Weight;
            if (before is not null && before.AsSpan().SequenceCompareTo(key.Key) >= 0)
            {
                return $"the key of {key.Revision} is not behind the one before it";
            }

            before = key.Key;
            if (AuditKey(view, key, reader) is { } difference)
            {
                return difference;
            }
        }

        return live == view.KeyCount ? AuditStore(view) : $"{live} keys live, the tree counts {view.KeyCount}";
    }

    private static string? AuditKey(StateView view, KeyRecord key, RecordReader reader)
    {
        for (var i = 0; i < key.PastCount; i++)
        {
            var past = key.Past![i];
            var revision = new Revision(past.Main, past.Sub);
            var newer = i + 1 < key.PastCount ? key.Past[i + 1].Main : key.Revision.Main;
            if (newer <= view.Epoch.CompactFloor)
            {
                continue;
            }

            var stored = reader.Find(revision);
            if (stored is null && newer > view.Epoch.CompactFloor && past.Main >= view.Epoch.CompactFloor)
            {
                return $"past revision {revision} is not stored";
            }

            if (stored is not null && (stored.IsTombstone != past.IsTombstone || !stored.Key.AsSpan().SequenceEqual(key.Key)))
            {
                return $"past revision {revision} differs from what is stored";
            }
        }

        return AuditNewest(view, key, reader.Find(key.Revision));
    }

    private static string? AuditNewest(StateView view, KeyRecord key, RevisionRecord? stored)
    {
        if (stored is null)
        {
            return view.Epoch.CompactFloor > view.Revision || (key.IsTombstone && key.Revision.Main < view.Epoch.CompactFloor)
                ? null
                : $"revision {key.Revision} is not stored";
        }

        var same = stored.Key.AsSpan().SequenceEqual(key.Key)
            && stored.CreateRevision == key.CreateRevision
            && stored.Version == key.Version
            && stored.Lease == key.Lease
            && stored.Flags == key.Flags
            && stored.Value.Length == key.ValueBytes
            && (key.CachedValue is not { } cached || stored.Value.AsSpan().SequenceEqual(cached));
        return same ? null : $"revision {key.Revision} differs from what is stored";
    }

    /// <summary>What the store has and the index does not must be compacted history.</summary>
    private static string? AuditStore(StateView view)
    {
        using var reader = RecordReader.BeginRead(view.Epoch);
        using var cursor = reader.OpenCursor(Bucket.Revisions);
        for (var found = cursor.Seek([]); found; found = cursor.MoveNext())
        {
            var revision = Revision.ReadFrom(cursor.Key);
            if (revision.Main > view.Revision || revision.Main < view.Epoch.CompactFloor)
            {
                continue;
            }

            var stored = RevisionCodec.Read(revision, cursor.Value);
            var key = view.Index.Find(new BytesProbe(stored.Key));
            var known = key is not null && (key.Revision == revision || IsPast(key, revision));
            if (!known)
            {
                return $"revision {revision} is stored and the index does not know it";
            }
        }

        return null;
    }

    private static bool IsPast(KeyRecord key, Revision revision)
    {
        // A transaction may have changed the key more than once: then several versions have this main revision.
        for (var at = key.LastPastUpTo(revision.Main); at >= 0 && key.Past![at].Main == revision.Main; at--)
        {
            if (key.Past[at].Sub == revision.Sub)
            {
                return true;
            }
        }

        return false;
    }
}
