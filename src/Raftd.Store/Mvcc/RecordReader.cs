using Raftd.State.Keyspaces;
using Raftd.Store.Buckets;

namespace Raftd.Store.Mvcc;

/// <summary>Finds stored records by revision, for one read. Opens a read transaction only when memory does not have it.</summary>
/// <remarks>
/// The order is what makes it right. A record moves from the active half of the overlay to the frozen half to the store,
/// and leaves each place only after it is in the next one. So a reader that does not find it in the halves, read as one value,
/// finds it in a transaction that begins afterwards. A transaction kept open from the item before may be too old: before
/// it counts as a miss, a new one is asked.
/// </remarks>
internal sealed class RecordReader(StateEpoch epoch) : IDisposable
{
    private IBucketReader? _reader;

    /// <summary>The record; null if it is not there any more: the caller checks the compact revision again.</summary>
    /// <param name="revision">Of the record.</param>
    /// <param name="maxValueBytes">A larger value may be left out: it is neither copied nor checked where it is stored.</param>
    /// <exception cref="StateReplacedException">The store was closed for another.</exception>
    public RevisionRecord? Find(Revision revision, int maxValueBytes = int.MaxValue)
    {
        var halves = epoch.Halves;
        var record = halves.Active.Find(revision) ?? halves.Frozen?.Find(revision);
        if (record is not null)
        {
            return record;
        }

        if (_reader is { MustYield: false } && TryRead(revision, maxValueBytes, out record))
        {
            return record;
        }

        Dispose();
        _reader = BeginRead(epoch);
        return TryRead(revision, maxValueBytes, out record) ? record : null;
    }

    public void Dispose()
    {
        _reader?.Dispose();
        _reader = null;
    }

    public static IBucketReader BeginRead(StateEpoch epoch)
    {
        try
        {
            if (!epoch.Replaced)
            {
                return epoch.Store.BeginRead();
            }
        }
        catch (Exception e) when (e is BucketStoreException or ObjectDisposedException && epoch.Replaced)
        {
            // Closed between the look at Replaced and the call.
        }

        throw new StateReplacedException();
    }

    private bool TryRead(Revision revision, int maxValueBytes, out RevisionRecord? record)
    {
        Span<byte> key = stackalloc byte[Revision.EncodedBytes];
        revision.WriteTo(key);
        record = _reader!.TryGet(Bucket.Revisions, key, out var stored)
            ? RevisionCodec.Read(revision, stored, maxValueBytes)
            : null;
        return record is not null;
    }
}
