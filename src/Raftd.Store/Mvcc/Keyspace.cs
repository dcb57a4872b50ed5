// The writer's side of the keyspace: the index, the revisions, and which of them are superseded.
//
// One entry makes at most one new main revision, except a batch of expiries, where each lease and each key has its own:
//   1. The first change of an entry opens main = Revision + 1; its changes are numbered by sub from 0.
//   2. Each change appends a record to the active overlay, puts a new KeyRecord into the index, adds to the hash.
//   3. Close ends the main revision.
//
// Compaction to C keeps, of each key, the last version not newer than C, unless that is a tombstone older than C. All changes
// of C itself stay for one compaction more, because a watch may begin at C: tombstones, and what a transaction has put or
// deleted and then changed again.
// Compact decides in one step what is dead (the compact revision, the logical bytes); CleanIndex walks behind it in
// small steps, and Dead lists records for the flusher to delete. Neither is visible through the rules of reading.
//
// The life of one key, in a store that is at revision 6 when it begins:
//
//   put k = a    main 7    the index names 7.0: version 1, created at 7
//   delete k     main 8    it names 8.0, a tombstone, and 7.0 behind it; 7.0 is superseded at 8
//   put k = b    main 9    it names 9.0, version 1 again, created at 9; behind it 7.0 and 8.0
//   compact 8              7.0 is dead; 8.0 stays, because a read at 8 has to find that k was deleted
//   put k = c    main 10   it names 10.0, version 2, created at 9; behind it 8.0 and 9.0; 9.0 is superseded at 10
//   compact 9              8.0 is dead, a tombstone older than 9; 9.0 stays, the last version not newer than 9
//   compact 10             9.0 is dead; 10.0 stays for as long as k lives

using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Trees;
using Raftd.Store.Buckets;

namespace Raftd.Store.Mvcc;

internal sealed class Keyspace(StateEpoch epoch, StateHash hash) : IKeyspace
{
    /// <summary>Versions that die when a compaction reaches the one that supersedes them.</summary>
    private readonly DeadQueue _superseded = new();

    /// <summary>Those that die when a compaction has passed their own revision: tombstones, and versions that are superseded within
    /// it.</summary>
    private readonly DeadQueue _passed = new();

    /// <summary>Records that the index has lost since SettleCache, and the one of the same version that has the place of
    /// each, if any. Views show them until the next publish, and their cached values serve until then.</summary>
    private readonly List<(KeyRecord Record, KeyRecord? Heir)> _replaced = [];

    private long _openMain;
    private long _nextSub;

    public CowTree<byte[], KeyRecord> Index { get; } = new();

    /// <summary>The newest main revision. A fresh store is at 1, as in etcd.</summary>
    public long Revision { get; set; } = 1;

    /// <summary>The lowest revision that can be read, 0 before the first compaction.</summary>
    public long CompactRevision { get; private set; }

    /// <summary>Logical bytes of all records that the compact revision leaves. Replicated.</summary>
    public long LogicalBytes { get; private set; }

    /// <summary>The part of them that a compaction to the newest revision would free. Replicated.</summary>
    public long HistoryBytes => _superseded.PendingBytes + _passed.PendingBytes;

    /// <summary>Records that no reader asks for any more and that may still be in the store.</summary>
    public Queue<Revision> Dead { get; } = new();

    /// <summary>Changes since they were last taken, in order.</summary>
    public List<RevisionRecord> Changes { get; private set; } = [];

    /// <summary>Whether a compaction has killed what is not deleted, nor about to be with the next flush.</summary>
    public bool HasDead => Dead.Count > 0 || _superseded.HasTakeable(CompactRevision) || _passed.HasTakeable(CompactRevision);

    /// <summary>Whether the next publish has cached values to move or to give back.</summary>
    public bool HasReplaced => _replaced.Count > 0;

    public ILiveKey? FindLive(ReadOnlySpan<byte> key) =>
        Index.Working.Find(new BytesProbe(key)) is { IsTombstone: false } record ? record : null;

    /// <summary>How many keys of [key, rangeEnd) live. Takes logarithmic time.</summary>
    public long CountLive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> rangeEnd) => KeyRecord.CountLive(Index.Working, key, rangeEnd);

    /// <summary>The first live keys of the range from a key on, at most so many.</summary>
    public IReadOnlyList<ILiveKey> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, int max) =>
        KeyRecord.LiveIn(Index.Working, range, from.Span, max);

    public RangeResponse Range(RangeRequest request) =>
        new KeyReader(epoch, Index.Working, Revision, CompactRevision).Range(request, mayFill: false);

    /// <summary>Sets a key to a value whose arrays the keyspace keeps.</summary>
    public RevisionRecord Put(byte[] key, byte[] value, long lease, KeyFlags flags)
    {
        var existing = Index.Working.Find(new BytesProbe(key));
        var live = existing is { IsTombstone: false } ? existing : null;
        var revision = NextRevision();
        var record = new RevisionRecord(
            revision,
            existing?.Key ?? key,
            value,
            live?.CreateRevision ?? revision.Main,
            (live?.Version ?? 0) + 1,
            lease,
            flags);
        Add(record, existing, cache: true);
        Append(record);
        return record;
    }

    /// <summary>Deletes a key that lives.</summary>
    public void Delete(ILiveKey live)
    {
        var record = new RevisionRecord(NextRevision(), live.Key, [], 0, 0, 0, KeyFlags.Tombstone);
        Add(record, (KeyRecord)live, cache: false);
        Append(record);
    }

    /// <summary>The value of a live key as the writer sees it.</summary>
    public byte[] ValueOf(ILiveKey live)
    {
        if (((KeyRecord)live).CachedValue is { } cached)
        {
            return cached;
        }

        using var reader = new RecordReader(epoch);
        var stored = reader.Find(live.Revision);
        return stored is not null
            ? stored.Value
            : throw new BucketStoreException(
                BucketStoreFault.Corrupt, $"revision {live.Revision} is not stored, and nothing has compacted it");
    }

    /// <summary>The changes since the last call. A list, so that the memory of a large batch goes with it.</summary>
    public List<RevisionRecord> TakeChanges()
    {
        var taken = Changes;
        Changes = [];
        return taken;
    }

    /// <summary>Ends the main revision that is open, if one is.</summary>
    public void Close()
    {
        _openMain = 0;
        _nextSub = 0;
    }

    /// <summary>Counts bytes that are not records of the keyspace (leases) into the logical bytes.</summary>
    public void Count(long bytes) => LogicalBytes += bytes;

    /// <summary>Makes everything below the revision unreadable. The revision was checked against the bounds.</summary>
    public void Compact(long revision)
    {
        CompactRevision = revision;
        epoch.CompactFloor = revision;
        LogicalBytes -= _superseded.SumThrough(revision) + _passed.SumThrough(revision);
    }

    /// <summary>Takes dead versions out of the index, for up to maxKeys keys. False when nothing is left to do.</summary>
    public bool CleanIndex(int maxKeys)
    {
        while (maxKeys-- > 0)
        {
            if (!_superseded.TryTake(CompactRevision, out var key) && !_passed.TryTake(CompactRevision, out key))
            {
                return false;
            }

            CleanKey(key);
        }

        return true;
    }

    /// <summary>Takes a stored record back at start, in the order of revisions.</summary>
    public void Restore(RevisionRecord record)
    {
        var existing = Index.Working.Find(new BytesProbe(record.Key));
        if (existing is not null)
        {
            // There are no readers yet: its room is free for the newer version at once.
            epoch.Cache.Retire(existing, heir: null);
        }

        Add(record, existing, cache: true);
        _replaced.Clear();
        LogicalBytes += record.LogicalBytes;
    }

    /// <summary>Keeps room in the cache for what comes next.</summary>
    public void Evict() => epoch.Cache.MakeRoomForWriter(Index.Working, Changes.Count);

    /// <summary>Takes cached values out of the records that the index has lost. After a publish: no new view shows them.</summary>
    public void SettleCache()
    {
        foreach (var (record, heir) in _replaced)
        {
            epoch.Cache.Retire(record, heir);
        }

        _replaced.Clear();
    }

    private Revision NextRevision()
    {
        if (_openMain == 0)
        {
            _openMain = ++Revision;
        }

        return new Revision(_openMain, _nextSub++);
    }

    private void Append(RevisionRecord record)
    {
        LogicalBytes += record.LogicalBytes;
        record.AddTo(hash);
        epoch.Halves.Active.Append(record);
        Changes.Add(record);
    }

    private void Add(RevisionRecord record, KeyRecord? existing, bool cache)
    {
        var cached = cache && !record.IsTombstone && record.ValueBytes == record.Value.Length ? epoch.Cache.Admit(record.Value) : null;
        var next = existing is null ? KeyRecord.First(record, cached) : existing.Next(record, cached);
        Index.Set(new BytesProbe(next.Key), next.Key, next);
        if (existing is not null && record.IsTombstone)
        {
            // At once: readers of the view before find the value in the overlay or the store, and a deletion of a million
            // keys leaves nothing for its publish to walk through.
            epoch.Cache.Retire(existing, heir: null);
        }
        else if (existing is not null)
        {
            _replaced.Add((existing, null));
        }

        if (existing is { IsTombstone: false })
        {
            var main = record.Revision.Main;
            if (existing.Revision.Main < main)
            {
                _superseded.Add(main, next.Key, existing.LogicalBytes);
            }
            else
            {
                _passed.Add(main + 1, next.Key, existing.LogicalBytes);
            }
        }

        if (record.IsTombstone)
        {
            _passed.Add(record.Revision.Main + 1, next.Key, record.LogicalBytes);
        }
    }

    private void CleanKey(byte[] key)
    {
        var record = Index.Working.Find(new BytesProbe(key));
        if (record is null)
        {
            return;
        }

        // Everything before the last version up to the compact revision, and that one too if it is an old tombstone; but nothing
        // of that revision itself.
        var newestIsLast = record.Revision.Main <= CompactRevision;
        var keepFrom = newestIsLast ? record.PastCount : Math.Max(0, record.LastPastUpTo(CompactRevision));
        if (!newestIsLast && keepFrom < record.PastCount && IsDeadTombstone(record.Past![keepFrom]))
        {
            keepFrom++;
        }

        while (keepFrom > 0 && record.Past![keepFrom - 1].Main == CompactRevision)
        {
            keepFrom--;
        }

        for (var i = 0; i < keepFrom; i++)
        {
            Dead.Enqueue(new Revision(record.Past![i].Main, record.Past[i].Sub));
        }

        if (newestIsLast && record.IsTombstone && record.Revision.Main < CompactRevision)
        {
            Dead.Enqueue(record.Revision);
            Index.Remove(new BytesProbe(key));
        }
        else if (keepFrom > 0)
        {
            var heir = record.WithoutOldest(keepFrom);
            Index.Set(new BytesProbe(key), record.Key, heir);
            _replaced.Add((record, heir));
        }
    }

    private bool IsDeadTombstone(PastRevision past) => past.IsTombstone && past.Main < CompactRevision;
}
