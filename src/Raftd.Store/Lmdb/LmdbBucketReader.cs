using Raftd.Store.Buckets;

namespace Raftd.Store.Lmdb;

/// <summary>One use of a pooled read transaction.</summary>
internal sealed class LmdbBucketReader(ReaderPool pool, LightningDatabase[] databases) : IBucketReader
{
    private const int CursorsBeforePruning = 8;

    private LightningTransaction? _transaction = pool.Rent();
    private List<LmdbCursor>? _cursors;

    public bool MustYield => pool.MustYield;

    private LightningTransaction Transaction
    {
        get
        {
            ObjectDisposedException.ThrowIf(_transaction is null, this);
            return _transaction;
        }
    }

    public bool TryGet(Bucket bucket, scoped ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) =>
        Transaction.TryGet(databases[(int)bucket], key, out value);

    public long Count(Bucket bucket) => (long)Transaction.Statistics(databases[(int)bucket]).Entries;

    public IBucketCursor OpenCursor(Bucket bucket)
    {
        var cursor = new LmdbCursor(Transaction, databases[(int)bucket]);
        _cursors ??= [];
        if (_cursors.Count >= CursorsBeforePruning)
        {
            _cursors.RemoveAll(static c => c.IsClosed);
        }

        _cursors.Add(cursor);
        return cursor;
    }

    /// <summary>Pages in the trees of the buckets, in bytes.</summary>
    public long UsedBytes()
    {
        long bytes = 0;
        foreach (var database in databases)
        {
            var statistics = Transaction.Statistics(database);
            bytes += (long)(statistics.BranchPages + statistics.LeafPages + statistics.OverflowPages)
                * statistics.PageSize;
        }

        return bytes;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _transaction, null) is not { } transaction)
        {
            return;
        }

        _cursors?.ForEach(static c => c.Dispose());
        pool.Return(transaction);
    }
}
