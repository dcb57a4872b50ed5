using Raftd.Store.Buckets;
using Raftd.Store.Snapshots;

namespace Raftd.Store.Lmdb;

/// <summary>The store of a state, whichever file it lies in: it outlives the files that a defragmentation puts in its place.</summary>
/// <remarks>
/// Writing, copying and switching are done by one thread, readers begin on any. A reader keeps the file that it began with
/// until it ends, and is asked to when the file is retired (MustYield); the next one gets the new file. At most one retired file
/// is open: another defragmentation, and an install, wait for its readers.
/// </remarks>
internal sealed class StoreHandle(LmdbBucketStore first) : IBucketStore
{
    private volatile LmdbBucketStore _store = first;
    private volatile LmdbBucketStore? _retired;
    private CompactCopy? _copy;

    public long SizeBytes => _store.SizeBytes;

    public long UsedBytes => Ask(static store => store.UsedBytes);

    /// <summary>Readers of a former file have all ended.</summary>
    public bool IsSettled => _retired is null or { IsClosed: true };

    public IBucketReader BeginRead() => Ask(static store => store.BeginRead());

    public void Write(Action<IBucketWriter> batch) =>
        _store.Write(_copy is { } copy ? writer => batch(new NotingWriter(writer, copy)) : batch);

    /// <summary>From here on, the copy hears of each write.</summary>
    public CompactCopy BeginCopy(LmdbBucketStore target, PairCheck verify, long stepBytes) =>
        _copy = new CompactCopy(_store, target, verify, stepBytes);

    public void EndCopy() => _copy = null;

    /// <summary>The copy, which has all of the store, is the store.</summary>
    public void Switch(LmdbBucketStore copy)
    {
        EndCopy();
        var former = _store;
        _retired = former;
        _store = copy;
        former.Retire();
    }

    /// <summary>As LmdbBucketStore.TryClose.</summary>
    public bool TryClose() => IsSettled && _store.TryClose();

    public void Dispose()
    {
        _retired?.Dispose();
        _store.Dispose();
    }

    private T Ask<T>(Func<LmdbBucketStore, T> question)
    {
        while (true)
        {
            var store = _store;
            try
            {
                return question(store);
            }
            catch (ObjectDisposedException) when (store != _store)
            {
                // Retired between the look at the field and the call.
            }
        }
    }

    /// <summary>Tells the copy of all keys that are written.</summary>
    private sealed class NotingWriter(IBucketWriter writer, CompactCopy copy) : IBucketWriter
    {
        public void Put(Bucket bucket, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            copy.Note(bucket, key);
            writer.Put(bucket, key, value);
        }

        public bool Delete(Bucket bucket, ReadOnlySpan<byte> key)
        {
            copy.Note(bucket, key);
            return writer.Delete(bucket, key);
        }

        public int DeleteRange(Bucket bucket, ReadOnlySpan<byte> low, ReadOnlySpan<byte> high, int maxPairs)
        {
            using (var cursor = writer.OpenCursor(bucket))
            {
                var left = maxPairs;
                for (var found = cursor.Seek(low); found && left > 0 && IsBelow(cursor.Key, high); found = cursor.MoveNext())
                {
                    copy.Note(bucket, cursor.Key);
                    left--;
                }
            }

            return writer.DeleteRange(bucket, low, high, maxPairs);
        }

        public bool TryGet(Bucket bucket, scoped ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) =>
            writer.TryGet(bucket, key, out value);

        public IBucketCursor OpenCursor(Bucket bucket) => writer.OpenCursor(bucket);

        private static bool IsBelow(ReadOnlySpan<byte> key, ReadOnlySpan<byte> high) =>
            high.IsEmpty || key.SequenceCompareTo(high) < 0;
    }
}
