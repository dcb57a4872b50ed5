// Reads of keys and ranges, from a published view or from the state that an entry is changing: both are an index, the copy of
// the state that it belongs to, and two revisions.
//
// Newest versions are found in the index, and their values in the cache, the overlay or the store. An earlier version is
// found through the past of its key. A compaction may have taken a record since the index was looked at; CompactFloor is
// raised before a record goes, so what is not found and is not below it is damage, and never "not found".

using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Trees;
using Raftd.State.Views;
using Raftd.Store.Buckets;

namespace Raftd.Store.Mvcc;

/// <param name="epoch">Of the index.</param>
/// <param name="index">Of all keys.</param>
/// <param name="newest">The newest revision that the index knows.</param>
/// <param name="compactRevision">The lowest that can be read.</param>
internal readonly partial struct KeyReader(
    StateEpoch epoch, CowSnapshot<byte[], KeyRecord> index, long newest, long compactRevision)
{
    /// <summary>The newest version of one key. Allocates nothing when the value is cached.</summary>
    /// <exception cref="StoreException">Compacted, or NotReady after a snapshot: ask a new view.</exception>
    public bool TryGet(ReadOnlySpan<byte> key, out KeyItem item)
    {
        var record = index.Find(new BytesProbe(key));
        if (record is null || record.IsTombstone)
        {
            item = default;
            return false;
        }

        item = new KeyItem(
            ValueOf(record), record.CreateRevision, record.Revision.Main, record.Version, record.Lease);
        return true;
    }

    /// <summary>The range at the newest or at an earlier revision, with its values copied out of the store.</summary>
    /// <param name="request">Values that it leaves out are neither copied nor checked.</param>
    /// <param name="mayFill">What is read of one key by itself goes into the cache. A range never does, or one walk over the
    /// keyspace would push out all that is in use.</param>
    /// <exception cref="StoreException">
    /// Compacted; FutureRevision; BadRequest for a revision below 0; NotReady after a snapshot: ask a new view.
    /// </exception>
    public RangeResponse Range(RangeRequest request, bool mayFill)
    {
        var at = request.Revision == 0 ? newest : request.Revision;
        CheckRevision(at);
        if ((request.IsSorted || request.HasFilters) && !request.CountOnly)
        {
            return RangeRanked(request, at);
        }

        var page = new RangePage(request);
        var count = at == newest ? RangeNow(page, mayFill) : RangeAt(page, at);
        return new RangeResponse
        {
            Revision = newest,
            Items = page.Items,
            Count = count,
            More = !request.CountOnly && page.Items.Count < count,
        };
    }

    /// <summary>The changes from one on, in the order of their revisions, up to the newest: a bounded step of them.</summary>
    /// <param name="from">Its main revision is at least the compact revision.</param>
    /// <param name="maxBytes">Of logical bytes; one change is answered in any case.</param>
    /// <exception cref="StoreException">Compacted; NotReady after a snapshot: ask a new view.</exception>
    public ChangePage Changes(Revision from, long maxBytes)
    {
        if (from.Main > newest)
        {
            return new ChangePage([], Next: null);
        }

        try
        {
            return new ChangeReader(epoch, from, newest, maxBytes).Read() ?? throw ReadableRevisions.Compacted(from.Main, epoch.CompactFloor);
        }
        catch (Exception failure) when (IsReplacedOrDamaged(failure))
        {
            throw NotReady(failure);
        }
    }

    /// <exception cref="StoreException">Compacted, FutureRevision, BadRequest.</exception>
    public void CheckRevision(long at) => ReadableRevisions.Require(at, newest, compactRevision);

    private long RangeNow(RangePage page, bool mayFill)
    {
        var fills = mayFill && page.IsOneKey;
        var scan = index.FromWeighty(new BytesProbe(page.Range.Low.Span));
        using var reader = new RecordReader(epoch);
        while (!page.IsFull && scan.MoveNext() && page.Range.IsBeforeEnd(scan.Key))
        {
            var record = scan.Item;
            if (!page.HasRoomFor(record.Key, record.ValueBytes))
            {
                break;
            }

            page.Items.Add(KeyVersions.Describe(record, page.Takes(record.ValueBytes) ? ValueOf(record, reader, fills) : []));
        }

        return KeyRecord.CountLive(index, page.Request.Key.Span, page.Request.RangeEnd.Span);
    }

    private long RangeAt(RangePage page, long at)
    {
        var count = 0L;
        var scan = index.From(new BytesProbe(page.Range.Low.Span));
        using var reader = new RecordReader(epoch);
        while (scan.MoveNext() && page.Range.IsBeforeEnd(scan.Key))
        {
            if (!scan.Item.TryFindAt(at, out var revision))
            {
                continue;
            }

            count++;
            if (!page.IsFull)
            {
                AddStored(page, Find(reader, revision, at, page.MaxValueBytes));
            }
        }

        return count;
    }

    private static void AddStored(RangePage page, RevisionRecord stored)
    {
        if (page.HasRoomFor(stored.Key, stored.ValueBytes))
        {
            page.Items.Add(KeyVersions.Describe(stored, page.Takes(stored.ValueBytes) ? stored.Value : []));
        }
    }

    /// <summary>The value of a record of the index.</summary>
    /// <exception cref="StoreException">As TryGet.</exception>
    public byte[] ValueOf(KeyRecord record)
    {
        if (Cached(record) is { } cached)
        {
            return cached;
        }

        using var reader = new RecordReader(epoch);
        return ValueOf(record, reader, fills: true);
    }

    private byte[] ValueOf(KeyRecord record, RecordReader reader, bool fills)
    {
        if (Cached(record) is { } cached)
        {
            return cached;
        }

        var value = Find(reader, record.Revision, newest, int.MaxValue).Value;
        if (fills)
        {
            epoch.Cache.Fill(record, value, index);
        }

        return value;
    }

    private static byte[]? Cached(KeyRecord record)
    {
        var cached = record.CachedValue;
        if (cached is not null && !record.Touched)
        {
            // Checked first: if each read wrote it, readers of one key on several cores would fight for its cache line.
            record.Touched = true;
        }

        return cached;
    }

    private RevisionRecord Find(RecordReader reader, Revision revision, long at, int maxValueBytes)
    {
        RevisionRecord? record;
        try
        {
            record = reader.Find(revision, maxValueBytes);
            if (record is null && at >= epoch.CompactFloor)
            {
                throw BucketStoreException.Corrupt(
                    $"revision {revision}, read at {at}, is not stored, compacted is only {epoch.CompactFloor}");
            }
        }
        catch (Exception failure) when (IsReplacedOrDamaged(failure))
        {
            throw NotReady(failure);
        }

        return record ?? throw ReadableRevisions.Compacted(at, epoch.CompactFloor);
    }

    private static bool IsReplacedOrDamaged(Exception failure) =>
        failure is StateReplacedException or BucketStoreException { Fault: BucketStoreFault.Corrupt };

    private StoreException NotReady(Exception failure)
    {
        if (failure is not BucketStoreException damage)
        {
            return new StoreException(ErrorCode.NotReady, failure.Message, "ask again");
        }

        epoch.Damaged(damage);
        return new StoreException(ErrorCode.NotReady, "the state of this member is damaged, and it stops", "ask another member");
    }
}
