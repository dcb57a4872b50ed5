using Raftd.Contract;
using Raftd.Store.Buckets;
using Raftd.Store.Leases;

namespace Raftd.Store.Mvcc;

/// <summary>A key as a view has it. The value's bytes must not be changed.</summary>
public readonly record struct KeyItem(
    ReadOnlyMemory<byte> Value, long CreateRevision, long ModRevision, long Version, long Lease);

/// <summary>The state as of one publish. Never changes; any thread may read it, and waits for no other.</summary>
/// <remarks>
/// <para>
/// The index, and values up to 4 KiB as far as the cache has them, are in memory. Other values and old versions are read
/// from the overlay or the store, where compaction may have removed them since this view was made: then the answer is
/// Compacted, never "not found". A view is cheap to take; take a new one for each request rather than keep one.
/// </para>
/// </remarks>
public sealed class KeyspaceView
{
    private readonly StateEpoch _epoch;
    private readonly CowSnapshot<byte[], KeyRecord> _index;

    internal KeyspaceView(
        StateEpoch epoch,
        CowSnapshot<byte[], KeyRecord> index,
        CowSnapshot<long, LeaseRecord> leasesById,
        CowSnapshot<NamedId, LeaseRecord> leasesByName,
        CowSnapshot<IdKey, LeaseKeyRecord> leaseKeys)
    {
        _epoch = epoch;
        _index = index;
        LeasesById = leasesById;
        LeasesByName = leasesByName;
        LeaseKeys = leaseKeys;
    }

    /// <summary>The newest main revision; 1 for a fresh store.</summary>
    public required long Revision { get; init; }

    /// <summary>The lowest revision that can be read; 0 before the first compaction.</summary>
    public required long CompactRevision { get; init; }

    /// <summary>What the quota bounds (docs/keyspace.md); replicated.</summary>
    public required long LogicalBytes { get; init; }

    /// <summary>The part of LogicalBytes that a compaction to Revision would free; replicated.</summary>
    public required long HistoryBytes { get; init; }

    public required AppliedState Applied { get; init; }

    /// <summary>Ordered by kind, cause and member.</summary>
    public required IReadOnlyList<Alarm> Alarms { get; init; }

    /// <summary>The cluster's feature level: what may be written and sent is of this one or an older one.</summary>
    public required int FeatureLevel { get; init; }

    /// <summary>As given to ApplyConfiguration; empty before the first.</summary>
    public required ReadOnlyMemory<byte> Configuration { get; init; }

    /// <summary>The index of the entry that brought Configuration; 0 before the first.</summary>
    public required ulong ConfigurationIndex { get; init; }

    /// <summary>Keys that live.</summary>
    public long KeyCount => _index.Weight;

    /// <summary>Leases, hidden ones included.</summary>
    public long LeaseCount => LeasesById.Weight;

    internal CowSnapshot<long, LeaseRecord> LeasesById { get; }

    internal CowSnapshot<NamedId, LeaseRecord> LeasesByName { get; }

    internal CowSnapshot<IdKey, LeaseKeyRecord> LeaseKeys { get; }

    internal CowSnapshot<byte[], KeyRecord> Index => _index;

    internal KeyRecord? FindLive(ReadOnlySpan<byte> key) =>
        _index.Find(new BytesProbe(key)) is { IsTombstone: false } live ? live : null;

    internal StateEpoch Epoch => _epoch;

    /// <summary>The newest version of one key. Allocates nothing when the value is cached.</summary>
    /// <exception cref="StoreException">Compacted, or NotReady after a snapshot: ask a new view.</exception>
    public bool TryGet(ReadOnlySpan<byte> key, out KeyItem item)
    {
        var record = _index.Find(new BytesProbe(key));
        if (record is null || record.IsTombstone)
        {
            item = default;
            return false;
        }

        item = new KeyItem(
            ValueOf(record), record.CreateRevision, record.Revision.Main, record.Version, record.Lease);
        return true;
    }

    /// <summary>Whether a revision above this one touched the key, its deletion included.</summary>
    /// <remarks>
    /// Of a key that the index does not know, the deletion may have been compacted: then the answer is yes, for a waiter
    /// that was told no would wait for a change it has missed. After 0 means "until it exists", and nothing was missed.
    /// Compaction to C takes deletions up to C - 1.
    /// </remarks>
    public bool HasChangedSince(ReadOnlySpan<byte> key, long afterRevision) => _index.Find(new BytesProbe(key)) is { } record
        ? record.Revision.Main > afterRevision
        : afterRevision > 0 && afterRevision < CompactRevision - 1;

    /// <summary>The range at the newest or at an earlier revision, with its values copied out of the store.</summary>
    /// <remarks>Values that the request leaves out are neither copied nor checked. What is read of one key by itself goes
    /// into the cache; a range does not, or one walk over the keyspace would push out all that is in use.</remarks>
    /// <exception cref="StoreException">
    /// Compacted; BadRequest for a revision below 0 or in the future; NotReady after a snapshot: ask a new view.
    /// </exception>
    public RangeResponse Range(RangeRequest request)
    {
        var at = request.Revision == 0 ? Revision : request.Revision;
        CheckRevision(at);
        var items = new List<KeyValue>();
        var count = at == Revision ? RangeNow(request, items) : RangeAt(request, at, items);
        return new RangeResponse { Revision = Revision, Items = items, Count = count };
    }

    /// <summary>The changes from one on, in the order of their revisions, up to this view's: a bounded step of them.</summary>
    /// <param name="from">Its main revision is at least the compact revision.</param>
    /// <param name="maxBytes">Of logical bytes; one change is answered in any case.</param>
    /// <exception cref="StoreException">Compacted; NotReady after a snapshot: ask a new view.</exception>
    internal ChangePage Changes(Revision from, long maxBytes)
    {
        if (from.Main > Revision)
        {
            return new ChangePage([], Next: null);
        }

        try
        {
            return new ChangeReader(_epoch, from, Revision, maxBytes).Read() ?? throw Compacted(from.Main, _epoch.CompactFloor);
        }
        catch (Exception failure) when (IsReplacedOrDamaged(failure))
        {
            throw NotReady(failure);
        }
    }

    /// <summary>How many keys live in [key, rangeEnd) at the newest revision. Takes logarithmic time.</summary>
    public long Count(ReadOnlySpan<byte> key, ReadOnlySpan<byte> rangeEnd) => KeyRange.CountLive(_index, key, rangeEnd);

    private void CheckRevision(long at)
    {
        if (at < 0)
        {
            throw new StoreException(ErrorCode.BadRequest, $"revision {at} is below 0");
        }

        if (at > Revision)
        {
            throw new StoreException(
                ErrorCode.BadRequest, $"revision {at} is in the future: the newest is {Revision}");
        }

        if (at < CompactRevision)
        {
            throw Compacted(at, CompactRevision);
        }
    }

    private long RangeNow(RangeRequest request, List<KeyValue> items)
    {
        var range = new KeyRange(request.Key, request.RangeEnd);
        var maxValueBytes = MaxValueBytes(request);
        var fills = request.RangeEnd.IsEmpty;
        var scan = _index.From(new BytesProbe(range.Low.Span));
        using var reader = new RecordReader(_epoch);
        while (!IsFull(request, items) && scan.MoveNext() && range.IsBeforeEnd(scan.Key))
        {
            var record = scan.Item;
            if (!record.IsTombstone)
            {
                items.Add(new KeyValue
                {
                    Key = record.Key,
                    Value = record.ValueBytes <= maxValueBytes ? ValueOf(record, reader, fills) : [],
                    ValueBytes = record.ValueBytes,
                    CreateRevision = record.CreateRevision,
                    ModRevision = record.Revision.Main,
                    Version = record.Version,
                    Lease = record.Lease,
                });
            }
        }

        return Count(request.Key.Span, request.RangeEnd.Span);
    }

    private long RangeAt(RangeRequest request, long at, List<KeyValue> items)
    {
        var count = 0L;
        var range = new KeyRange(request.Key, request.RangeEnd);
        var maxValueBytes = MaxValueBytes(request);
        var scan = _index.From(new BytesProbe(range.Low.Span));
        using var reader = new RecordReader(_epoch);
        while (scan.MoveNext() && range.IsBeforeEnd(scan.Key))
        {
            if (!scan.Item.TryFindAt(at, out var revision))
            {
                continue;
            }

            count++;
            if (!IsFull(request, items))
            {
                var stored = Find(reader, revision, at, maxValueBytes);
                items.Add(new KeyValue
                {
                    Key = scan.Item.Key,
                    Value = stored.ValueBytes <= maxValueBytes ? stored.Value : [],
                    ValueBytes = stored.ValueBytes,
                    CreateRevision = stored.CreateRevision,
                    ModRevision = revision.Main,
                    Version = stored.Version,
                    Lease = stored.Lease,
                });
            }
        }

        return count;
    }

    /// <summary>An empty value is never left out.</summary>
    private static int MaxValueBytes(RangeRequest request) => request.KeysOnly ? 0 : request.MaxValueBytes;

    private static bool IsFull(RangeRequest request, List<KeyValue> items) =>
        request.Limit > 0 && items.Count >= request.Limit;

    private byte[] ValueOf(KeyRecord record)
    {
        if (Cached(record) is { } cached)
        {
            return cached;
        }

        using var reader = new RecordReader(_epoch);
        return ValueOf(record, reader, fills: true);
    }

    private byte[] ValueOf(KeyRecord record, RecordReader reader, bool fills)
    {
        if (Cached(record) is { } cached)
        {
            return cached;
        }

        var value = Find(reader, record.Revision, Revision, int.MaxValue).Value;
        if (fills)
        {
            _epoch.Cache.Fill(record, value, _index);
        }

        return value;
    }

    private static byte[]? Cached(KeyRecord record)
    {
        var cached = record.CachedValue;
        if (cached is not null && !record.Touched)
        {
            // Looked at first: readers of one key on several cores would else take its cache line from each other.
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
            if (record is null && at >= _epoch.CompactFloor)
            {
                throw new BucketStoreException(
                    BucketStoreFault.Corrupt, $"revision {revision}, read at {at}, is not stored, compacted is only {_epoch.CompactFloor}");
            }
        }
        catch (Exception failure) when (IsReplacedOrDamaged(failure))
        {
            throw NotReady(failure);
        }

        return record ?? throw Compacted(at, _epoch.CompactFloor);
    }

    private static bool IsReplacedOrDamaged(Exception failure) =>
        failure is StateReplacedException or BucketStoreException { Fault: BucketStoreFault.Corrupt };

    private StoreException NotReady(Exception failure)
    {
        if (failure is not BucketStoreException damage)
        {
            return new StoreException(ErrorCode.NotReady, failure.Message, "ask again");
        }

        _epoch.Damaged(damage);
        return new StoreException(ErrorCode.NotReady, "the state of this member is damaged, and it stops", "ask another member");
    }

    private static StoreException Compacted(long at, long floor) => new(
        ErrorCode.Compacted,
        $"revision {at} has been compacted: the oldest readable is {floor}",
        "read a newer revision, or the newest");
}
