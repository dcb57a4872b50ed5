// The seam between the replicated state and the store that keeps it: LMDB in a member, a model in the simulator.
//
// What every store behind it keeps to:
//   1. Write is one transaction, durable when it returns. A crash in the middle leaves all of it or nothing.
//   2. A reader sees the state after one batch, whole: the last that had returned when BeginRead began, or a later one,
//      which may still be on its way to the disk. So of two readers, one after the other, the second may see less than
//      the first, but never less than what Write has returned for. It sees nothing that is written while it is open.
//      Readers and the writer never wait for each other, except that a store which must grow or close asks its readers
//      to end (IBucketReader.MustYield).
//   3. Keys are ordered as unsigned bytes, a prefix before its extensions.
//   4. The batch given to Write may run more than once. It changes nothing but the writer it was given.

namespace Raftd.Store.Buckets;

/// <summary>One whole copy of the replicated state.</summary>
/// <remarks>
/// Write is called by one thread at a time, the flusher. BeginRead, SizeBytes and UsedBytes may be called by any thread.
/// Failures are <see cref="BucketStoreException"/>. The object has a single owner, who alone disposes it.
/// </remarks>
public interface IBucketStore : IDisposable
{
    /// <summary>Bytes the store takes on disk. It does not shrink when pairs are deleted: freed pages are used again.</summary>
    long SizeBytes { get; }

    /// <summary>Bytes of the pages that hold pairs now; the rest of SizeBytes can be used again.</summary>
    long UsedBytes { get; }

    /// <summary>
    /// Opens a view of the state as of now. Readers are short: an open one keeps pages of the past from being used
    /// again. It belongs to the caller, who may hand it to another thread, but never to two at once.
    /// </summary>
    /// <exception cref="BucketStoreException">With <see cref="BucketStoreFault.ReadersFull"/> when too many are open.</exception>
    IBucketReader BeginRead();

    /// <summary>
    /// Runs the batch in one transaction and makes it durable. If the batch throws, nothing of it is kept and the
    /// exception passes on. The batch may run more than once (the store grew), each time on the state as it was before.
    /// The writer, its cursors and spans end with the run of the batch.
    /// </summary>
    void Write(Action<IBucketWriter> batch);
}
