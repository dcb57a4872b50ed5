using Raftd.Store.Buckets;

namespace Raftd.Store.Lmdb;

/// <summary>One run of a batch. Notes a full map even if the batch swallows the exception.</summary>
internal sealed class LmdbBucketWriter(LightningTransaction transaction, LightningDatabase[] databases)
    : IBucketWriter, IDisposable
{
    private readonly List<LmdbCursor> _cursors = [];
    private bool _ended;

    public bool MapIsFull { get; private set; }

    public void Put(Bucket bucket, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (value.Length > BucketLimits.MaxValueBytes)
        {
            throw new BucketStoreException(
                BucketStoreFault.BadRequest, $"a value of {value.Length} bytes is over {BucketLimits.MaxValueBytes}");
        }

        BeginChange();
        try
        {
            transaction.Put(Database(bucket), key, value);
        }
        catch (LmdbException e) when (NoteMapFull(e))
        {
            throw;
        }
    }

    public bool Delete(Bucket bucket, ReadOnlySpan<byte> key)
    {
        BeginChange();
        try
        {
            return transaction.Delete(Database(bucket), key);
        }
        catch (LmdbException e) when (NoteMapFull(e))
        {
            throw;
        }
    }

    public int DeleteRange(Bucket bucket, ReadOnlySpan<byte> low, ReadOnlySpan<byte> high, int maxPairs)
    {
        BeginChange();
        using var cursor = new LmdbCursor(transaction, Database(bucket));
        Span<byte> key = stackalloc byte[BucketLimits.MaxKeyBytes];
        for (var deleted = 0; deleted < maxPairs; deleted++)
        {
            // Sought again each time: LMDB's versions differ in where a cursor stands after a delete.
            if (!cursor.Seek(low) || (!high.IsEmpty && cursor.Key.SequenceCompareTo(high) >= 0))
            {
                return deleted;
            }

            var found = key[..cursor.Key.Length];
            cursor.Key.CopyTo(found);
            Delete(bucket, found);
        }

        return maxPairs;
    }

    public bool TryGet(Bucket bucket, scoped ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) =>
        transaction.TryGet(Database(bucket), key, out value);

    public IBucketCursor OpenCursor(Bucket bucket)
    {
        var cursor = new LmdbCursor(transaction, Database(bucket));
        _cursors.Add(cursor);
        return cursor;
    }

    /// <summary>Closes the cursors while their transaction still lives: its end would free them under us.</summary>
    public void Dispose()
    {
        _ended = true;
        _cursors.ForEach(static c => c.Dispose());
        _cursors.Clear();
    }

    private LightningDatabase Database(Bucket bucket)
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        return databases[(int)bucket];
    }

    private void BeginChange()
    {
        foreach (var cursor in _cursors)
        {
            cursor.Forget();
        }
    }

    private bool NoteMapFull(LmdbException failure)
    {
        MapIsFull |= failure.Kind == LmdbErrorKind.MapFull;
        return false;
    }
}
