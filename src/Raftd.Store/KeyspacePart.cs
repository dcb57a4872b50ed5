using Raftd.State.Keyspaces;
using Raftd.Store.Buckets;
using Raftd.Store.Mvcc;

namespace Raftd.Store;

/// <summary>Keys and their history: the revisions bucket.</summary>
internal sealed class KeyspacePart : IStatePart
{
    private const int CleanedKeysPerStep = 4096;

    public Bucket Bucket => Bucket.Revisions;

    public void Load(IBucketReader reader, StoredMeta meta, StateCopy copy)
    {
        copy.Keyspace.Revision = meta.Revision;
        using var cursor = reader.OpenCursor(Bucket.Revisions);
        for (var found = cursor.Seek([]); found; found = cursor.MoveNext())
        {
            if (cursor.Key.Length != Revision.EncodedBytes)
            {
                throw BucketStoreException.Corrupt($"a revision key has {cursor.Key.Length} bytes");
            }

            var revision = Revision.ReadFrom(cursor.Key);
            if (revision.Main > meta.Revision)
            {
                throw BucketStoreException.Corrupt($"revision {revision} is above the store's revision {meta.Revision}");
            }

            copy.Keyspace.Restore(RevisionCodec.Read(revision, cursor.Value, ValueCache.MaxValueBytes));
        }

        // What an earlier run compacted and did not delete yet is found again as dead and deleted by the next flushes.
        copy.Keyspace.Compact(meta.CompactRevision);
        bool hasMore;
        do
        {
            hasMore = copy.Keyspace.CleanIndex(CleanedKeysPerStep);
            copy.Keyspace.SettleCache();
        }
        while (hasMore);
    }

    public void ShowIn(StateView view, StateCopy copy)
    {
        var keyspace = copy.Keyspace;
        view.Index = keyspace.Index.Freeze();
        view.Revision = keyspace.Revision;
        view.CompactRevision = keyspace.CompactRevision;
        view.LogicalBytes = keyspace.LogicalBytes;
        view.HistoryBytes = keyspace.HistoryBytes;
    }

    public Action<FlushWriter> TakeUnflushed(StateCopy copy)
    {
        var records = copy.Epoch.Halves.Active;
        var dead = TakeDead(copy.Keyspace.Dead, copy.Options.MaxDeletesPerFlush);
        return writer => Write(writer, records, dead);
    }

    public string? Audit(StateAudit audit) => KeyspaceAudit.Run(audit.View);

    public void Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.Length == Revision.EncodedBytes)
        {
            RevisionCodec.Read(Revision.ReadFrom(key), value);
        }
        else
        {
            StoredChecksum.Open(Bucket, key, value);
        }
    }

    private static void Write(FlushWriter writer, Overlay records, Revision[] deleted)
    {
        Span<byte> key = stackalloc byte[Revision.EncodedBytes];
        var dead = new HashSet<Revision>(deleted);
        for (var i = 0; i < records.Count; i++)
        {
            var record = records[i];
            if (!dead.Remove(record.Revision))
            {
                RevisionCodec.WriteTo(writer.NewValue(), record);
                record.Revision.WriteTo(key);
                writer.Put(Bucket.Revisions, key);
            }
        }

        foreach (var revision in dead)
        {
            revision.WriteTo(key);
            writer.Delete(Bucket.Revisions, key);
        }
    }

    private static Revision[] TakeDead(Queue<Revision> dead, int max)
    {
        var taken = new Revision[Math.Min(dead.Count, max)];
        for (var i = 0; i < taken.Length; i++)
        {
            taken[i] = dead.Dequeue();
        }

        return taken;
    }
}
