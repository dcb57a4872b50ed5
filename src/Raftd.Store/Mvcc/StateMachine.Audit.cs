using System.Buffers.Binary;
using Raftd.Store.Buckets;
using Raftd.Store.Commands;
using Raftd.Store.Leases;

namespace Raftd.Store.Mvcc;

public sealed partial class StateMachine
{
    /// <summary>True where expensive checks were asked for (RAFTD_VERIFY in the environment, anything but 0).</summary>
    public static bool IsVerifying { get; } =
        Environment.GetEnvironmentVariable("RAFTD_VERIFY") is { Length: > 0 } value && value != "0";

    /// <summary>Compares index, overlay and store, record by record. Any thread; long: for tests and RAFTD_VERIFY.</summary>
    /// <returns>The first difference, or null.</returns>
    public string? Audit()
    {
        var view = View();
        using var reader = new RecordReader(view.Epoch);
        var live = 0L;
        var leased = 0L;
        var scan = view.Index.All();
        byte[]? before = null;
        while (scan.MoveNext())
        {
            var key = scan.Item;
            live += key.Weight;
            leased += key.Lease == 0 ? 0 : key.Weight;
            if (before is not null && before.AsSpan().SequenceCompareTo(key.Key) >= 0)
            {
                return $"the key of {key.Revision} is not behind the one before it";
            }

            before = key.Key;
            if ((AuditKey(view, key, reader) ?? AuditLease(view, key)) is { } difference)
            {
                return difference;
            }
        }

        if (live != view.KeyCount)
        {
            return $"{live} keys live, the tree counts {view.KeyCount}";
        }

        return leased == view.LeaseKeys.Weight
            ? AuditStore(view) ?? AuditStoredLeases(view)
            : $"{leased} keys name a lease, leases know {view.LeaseKeys.Weight}";
    }

    private static string? AuditKey(KeyspaceView view, KeyRecord key, RecordReader reader)
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
                return $"past revision {revision} is stored as something else";
            }
        }

        return AuditNewest(view, key, reader.Find(key.Revision));
    }

    private static string? AuditNewest(KeyspaceView view, KeyRecord key, RevisionRecord? stored)
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
        return same ? null : $"revision {key.Revision} is stored as something else";
    }

    private static string? AuditLease(KeyspaceView view, KeyRecord key)
    {
        if (key.IsTombstone || key.Lease == 0)
        {
            return null;
        }

        if (view.LeasesById.Find(new NumberProbe(key.Lease)) is null)
        {
            return $"revision {key.Revision} names lease {key.Lease}, which does not exist";
        }

        var attached = view.LeaseKeys.Find(new IdKeyProbe(key.Lease, key.Key));
        return attached is { } found
            && found.OwnDeadline == key.HasOwnDeadline && found.ModRevision == key.Revision.Main
                ? null
                : $"lease {key.Lease} does not know its key of revision {key.Revision}";
    }

    /// <summary>What the store has and the index does not must be compacted history.</summary>
    private static string? AuditStore(KeyspaceView view)
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

            var stored = RevisionRecord.Read(revision, cursor.Value);
            var key = view.Index.Find(new BytesProbe(stored.Key));
            var known = key is not null && (key.Revision == revision || IsPast(key, revision));
            if (!known)
            {
                return $"revision {revision} is stored and the index does not know it";
            }
        }

        return null;
    }

    /// <summary>Where the store is of the view's moment, its leases are those of the view, byte for byte.</summary>
    private static string? AuditStoredLeases(KeyspaceView view)
    {
        using var reader = RecordReader.BeginRead(view.Epoch);
        if (StoredMeta.Read(reader, view.FeatureLevel) is not { } meta || meta.Applied != view.Applied)
        {
            return null;
        }

        var pairs = view.LeasesById.Weight;
        var value = new WireWriter();
        Span<byte> key = stackalloc byte[LeaseKeyRecord.EncodedKeyBytes];
        for (var leases = view.LeasesById.All(); leases.MoveNext();)
        {
            value.Reset();
            leases.Item.WriteTo(value);
            BinaryPrimitives.WriteInt64BigEndian(key, leases.Key);
            if (!IsStoredAs(reader, key[..8], value))
            {
                return $"lease {leases.Key} is stored as something else";
            }
        }

        for (var keys = view.LeaseKeys.All(); keys.MoveNext();)
        {
            if (!keys.Item.IsStored)
            {
                continue;
            }

            pairs++;
            value.Reset();
            keys.Item.WriteTo(value);
            LeaseKeyRecord.WriteKey(key, keys.Key.Id, keys.Item.ModRevision);
            if (!IsStoredAs(reader, key, value))
            {
                return $"lease {keys.Key.Id}: the key of revision {keys.Item.ModRevision} is stored as something else";
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

    private static bool IsPast(KeyRecord key, Revision revision)
    {
        var at = key.LastPastUpTo(revision.Main);
        return at >= 0 && key.Past![at].Main == revision.Main && key.Past[at].Sub == revision.Sub;
    }
}
