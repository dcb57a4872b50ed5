using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Reading;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Evaluation;

/// <summary>The keyspace that a batch is evaluated on: the rows of one moment of the database, under the changes of the batch so
/// far. One thread.</summary>
/// <param name="rows">The moment: as of the last row of the log.</param>
/// <param name="before">That row.</param>
/// <param name="hash">The chain.</param>
/// <param name="sets">When the database deletes a range by itself.</param>
internal sealed class BatchKeyspace(IKeyRows rows, LogRow before, StateHash hash, SetDeletions sets) : IKeyspace, IKeyRows
{
    // What the batch has changed, in the order of keys; null where it has deleted the key.
    private readonly SortedDictionary<byte[], KeyRow?> _changed = new(KeyOrder.Instance);

    // Rows that were asked for: those that did not live, too.
    private readonly Dictionary<byte[], KeyRow?> _found = new(BytesComparer.Instance);
    private readonly List<NewVersion> _versions = [];
    private long _openMain;
    private long _nextSub;

    // The range that was counted last: the moment does not change, and a deletion is counted before it is done.
    private (KeyRange Range, long Count)? _counted;

    public long Revision { get; private set; } = before.Revision;

    public long CompactRevision { get; private set; } = before.CompactRevision;

    public long LogicalBytes { get; private set; } = before.LogicalBytes;

    public long HistoryBytes { get; private set; } = before.HistoryBytes;

    public long KeyCount { get; private set; } = before.KeyCount;

    /// <summary>In the order of their revisions.</summary>
    public IReadOnlyList<NewVersion> Versions => _versions;

    /// <summary>In place of versions, where the database deletes a range by itself.</summary>
    public RangeDeletion? Deletion { get; private set; }

    /// <summary>Each changed key once.</summary>
    public IEnumerable<KeyChange> Changes => _changed.Select(static change => new KeyChange(change.Key, change.Value));

    public ILiveKey? FindLive(ReadOnlySpan<byte> key) => Find(key.ToArray());

    public KeyRow? Find(ReadOnlyMemory<byte> key)
    {
        var bytes = key.ToArray();
        return _changed.TryGetValue(bytes, out var changed) ? changed : FindBefore(bytes);
    }

    public long CountLive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> rangeEnd) =>
        CountLive(new KeyRange(key.ToArray(), rangeEnd.ToArray()));

    public long CountLive(KeyRange range)
    {
        if (range.IsOneKey)
        {
            return Find(range.Low) is null ? 0 : 1;
        }

        var count = CountBefore(range);
        foreach (var (key, row) in _changed)
        {
            if (range.Holds(key))
            {
                count += (row is null ? 0 : 1) - (FindBefore(key) is null ? 0 : 1);
            }
        }

        return count;
    }

    public IReadOnlyList<ILiveKey> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, int max) =>
        LiveIn(range, from, isDescending: false, max, withValues: false);

    /// <remarks>At most as many rows more are read as the batch has deleted of the range.</remarks>
    public IReadOnlyList<KeyRow> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, bool isDescending, int max, bool withValues)
    {
        if (range.IsOneKey)
        {
            return Find(range.Low) is { } one ? [one] : [];
        }

        var changed = _changed
            .Where(change => range.Holds(change.Key) && IsBehind(change.Key, from, isDescending))
            .ToDictionary(static change => change.Key, static change => change.Value, BytesComparer.Instance);
        var stored = rows.LiveIn(range, from, isDescending, max == int.MaxValue ? max : max + changed.Count, withValues);
        var merged = stored.Where(row => !changed.ContainsKey(row.Key)).Concat(changed.Values.OfType<KeyRow>());
        var order = isDescending
            ? merged.OrderByDescending(static row => row.Key, KeyOrder.Instance)
            : merged.OrderBy(static row => row.Key, KeyOrder.Instance);
        return [.. order.Take(max)];
    }

    public byte[] ValueOf(ILiveKey live) => new RowReader(this).ValueOf((KeyRow)live);

    public IReadOnlyList<byte[]?> ValuesOf(IReadOnlyList<Revision> revisions) => rows.ValuesOf(revisions);

    public IReadOnlyList<RevisionRecord> VersionsIn(
        KeyRange range, ReadOnlyMemory<byte> key, Revision behind, long through, int max) =>
        rows.VersionsIn(range, key, behind, through, max);

    public IReadOnlyList<RevisionRecord> VersionsOf(ReadOnlyMemory<byte> key, Revision from, int max) => rows.VersionsOf(key, from, max);

    public RangeResponse Range(RangeRequest request) => new RowReader(this).Range(request);

    /// <exception cref="StoreException">TooLarge: no index holds so long a key. A keepalive makes its key out of the name of its lease, so
    /// nothing before this knows it.</exception>
    public RevisionRecord Put(byte[] key, byte[] value, long lease, KeyFlags flags)
    {
        if (key.Length > SqlLimits.MaxKeyBytes)
        {
            throw EngineLimits.KeyTooLong(key.Length, SqlLimits.MaxKeyBytes);
        }

        var live = Find(key);
        var revision = NextRevision();
        var record = new RevisionRecord(
            revision, key, value, live?.CreateRevision ?? revision.Main, (live?.Version ?? 0) + 1, lease, flags);
        Add(record, live);
        _changed[key] = KeyRow.Of(record);
        KeyCount += live is null ? 1 : 0;
        return record;
    }

    public void Delete(ILiveKey live)
    {
        var record = new RevisionRecord(NextRevision(), live.Key, [], 0, 0, 0, KeyFlags.Tombstone);
        Add(record, live);
        _changed[live.Key] = null;
        HistoryBytes += record.LogicalBytes;
        KeyCount--;
    }

    /// <summary>The range is added up slice by slice, and its keys stay where they are.</summary>
    /// <exception cref="StoreException">TooLarge: that alone takes longer than the request has.</exception>
    public long? DeleteAll(KeyRange range)
    {
        if (_versions.Count > 0 || !sets.TakesOver(this, range))
        {
            return null;
        }

        var slices = SlicesOf(range);
        var (keyBytes, valueBytes) = (slices.Sum(static slice => slice.KeyBytes), slices.Sum(static slice => slice.ValueBytes));
        var count = slices.Sum(static slice => slice.Count);
        var tombstones = keyBytes + (count * RevisionRecord.OverheadBytes);
        Deletion = new RangeDeletion { Revision = NextRevision().Main, Slices = slices, IsLate = sets.IsLate };
        KeyCount -= count;
        LogicalBytes += tombstones;
        HistoryBytes += tombstones + tombstones + valueBytes;
        hash.Add(Deletion.Revision, count);
        hash.Add(keyBytes, valueBytes);
        hash.Add(range.Low.Span);
        hash.Add(range.End.Span);
        return count;
    }

    public KeySlice? Slice(KeyRange range, ReadOnlyMemory<byte> from, int max) => rows.Slice(range, from, max);

    public void Close()
    {
        _openMain = 0;
        _nextSub = 0;
    }

    /// <remarks>What that frees is counted when it is swept.</remarks>
    public void Compact(long revision) => CompactRevision = revision;

    public void Count(long bytes) => LogicalBytes += bytes;

    private List<KeySlice> SlicesOf(KeyRange range)
    {
        var slices = new List<KeySlice>();
        var from = range.Low;
        while (rows.Slice(range, from, sets.SliceKeys) is { } slice)
        {
            slices.Add(slice);
            from = KeyRange.Behind(slice.Last);
            if (sets.IsLate())
            {
                throw sets.TooLong();
            }
        }

        return slices;
    }

    private long CountBefore(KeyRange range)
    {
        if (_counted is { } last && last.Range.Low.Span.SequenceEqual(range.Low.Span) && last.Range.End.Span.SequenceEqual(range.End.Span))
        {
            return last.Count;
        }

        var count = rows.CountLive(range);
        _counted = (range, count);
        return count;
    }

    private KeyRow? FindBefore(byte[] key)
    {
        if (!_found.TryGetValue(key, out var found))
        {
            found = rows.Find(key);
            _found.Add(key, found);
        }

        return found;
    }

    private Revision NextRevision()
    {
        if (_openMain == 0)
        {
            _openMain = ++Revision;
        }

        return new Revision(_openMain, _nextSub++);
    }

    private void Add(RevisionRecord record, ILiveKey? replaced)
    {
        _versions.Add(new NewVersion(record, replaced?.Revision));
        record.AddTo(hash);
        LogicalBytes += record.LogicalBytes;
        HistoryBytes += replaced?.LogicalBytes ?? 0;
    }

    private static bool IsBehind(byte[] key, ReadOnlyMemory<byte> from, bool isDescending)
    {
        if (isDescending)
        {
            return from.IsEmpty || key.AsSpan().SequenceCompareTo(from.Span) < 0;
        }

        return key.AsSpan().SequenceCompareTo(from.Span) >= 0;
    }
}
