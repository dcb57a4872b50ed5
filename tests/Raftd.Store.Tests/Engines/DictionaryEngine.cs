using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Store.Tests.Engines;

/// <summary>A second engine behind the commands: every version there ever was in one sorted list, and no thought of speed.</summary>
/// <remarks>What the rules of keys, leases and revisions are is in Raftd.State; an engine only keeps and counts.</remarks>
internal sealed class DictionaryEngine : IKeyspace, ILeaseTable
{
    private readonly SortedDictionary<byte[], List<RevisionRecord>> _versions = new(ByBytes);
    private readonly SortedDictionary<long, LeaseRecord> _leases = [];
    private readonly Dictionary<long, SortedDictionary<byte[], LeaseKeyRecord>> _leaseKeys = [];
    private readonly StateHash _hash = new(0);
    private long _counted;
    private long _openMain;
    private long _nextSub;

    public DictionaryEngine(int sliceKeys)
    {
        State = new WorkingState(this, this, _hash, default);
        Executor = new CommandExecutor(State, FeatureLevel.Newest, sliceKeys);
    }

    public WorkingState State { get; }

    public CommandExecutor Executor { get; }

    public long Revision { get; private set; } = 1;

    public long CompactRevision { get; private set; }

    /// <summary>Of each key: the last version up to the compact revision, unless it is a tombstone older than that, and all
    /// that are newer.</summary>
    public long LogicalBytes => _counted + _versions.Values.Sum(versions => Kept(versions).Sum(version => version.LogicalBytes));

    private static Comparer<byte[]> ByBytes => Comparer<byte[]>.Create(static (a, b) => a.AsSpan().SequenceCompareTo(b));

    public ILiveKey? FindLive(ReadOnlySpan<byte> key) =>
        _versions.TryGetValue(key.ToArray(), out var versions) && !versions[^1].IsTombstone ? new Live(versions[^1]) : null;

    public long CountLive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> rangeEnd) =>
        LiveIn(new KeyRange(key.ToArray(), rangeEnd.ToArray()), key.ToArray(), int.MaxValue).Count;

    public IReadOnlyList<ILiveKey> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, int max) =>
        [.. _versions.Values
            .Select(static versions => versions[^1])
            .Where(last => !last.IsTombstone
                && last.Key.AsSpan().SequenceCompareTo(from.Span) >= 0 && range.IsBeforeEnd(last.Key))
            .Take(max)
            .Select(static last => new Live(last))];

    public RangeResponse Range(RangeRequest request)
    {
        var at = request.Revision == 0 ? Revision : request.Revision;
        var range = new KeyRange(request.Key, request.RangeEnd);
        var items = _versions.Values
            .Select(versions => versions.FindLast(version => version.Revision.Main <= at))
            .Where(last => last is { IsTombstone: false }
                && last.Key.AsSpan().SequenceCompareTo(range.Low.Span) >= 0 && range.IsBeforeEnd(last.Key))
            .Select(last => new KeyValue
            {
                Key = last!.Key,
                Value = last.Value,
                CreateRevision = last.CreateRevision,
                ModRevision = last.Revision.Main,
                Version = last.Version,
                Lease = last.Lease,
            })
            .ToList();
        var sign = request.SortOrder == SortOrder.Descending ? -1 : 1;
        var byRank = Comparer<byte[]>.Create((a, b) => sign * a.AsSpan().SequenceCompareTo(b));
        var passed = items
            .Where(item => request.MinModRevision == 0 || item.ModRevision >= request.MinModRevision)
            .Where(item => request.MaxModRevision == 0 || item.ModRevision <= request.MaxModRevision)
            .Where(item => request.MinCreateRevision == 0 || item.CreateRevision >= request.MinCreateRevision)
            .Where(item => request.MaxCreateRevision == 0 || item.CreateRevision <= request.MaxCreateRevision)
            .OrderBy(item => sign * request.SortTarget switch
            {
                SortTarget.Version => item.Version,
                SortTarget.CreateRevision => item.CreateRevision,
                SortTarget.ModRevision => item.ModRevision,
                _ => 0,
            })
            .ThenBy(item => request.SortTarget == SortTarget.Value ? item.Value.ToArray() : [], byRank)
            .ThenBy(item => request.SortTarget == SortTarget.Key ? item.Key.ToArray() : [], byRank)
            .ThenBy(item => item.Key.ToArray(), ByBytes)
            .ToList();
        var limit = request.CountOnly ? 0 : request.Limit == 0 ? int.MaxValue : (int)request.Limit;
        return new RangeResponse
        {
            Revision = Revision,
            Items = [.. passed.Take(limit).Select(item => request.KeysOnly ? item with { Value = default } : item)],
            Count = items.Count,
            More = !request.CountOnly && passed.Count > limit,
        };
    }

    public byte[] ValueOf(ILiveKey live) => ((Live)live).Last.Value;

    public RevisionRecord Put(byte[] key, byte[] value, long lease, KeyFlags flags)
    {
        var live = FindLive(key);
        var revision = NextRevision();
        return Add(new RevisionRecord(
            revision, key, value, live?.CreateRevision ?? revision.Main, (live?.Version ?? 0) + 1, lease, flags));
    }

    public void Delete(ILiveKey live) =>
        Add(new RevisionRecord(NextRevision(), live.Key, [], 0, 0, 0, KeyFlags.Tombstone));

    public void Close() => (_openMain, _nextSub) = (0, 0);

    public void Compact(long revision) => CompactRevision = revision;

    public void Count(long bytes) => _counted += bytes;

    public LeaseRecord? Find(long id) => _leases.GetValueOrDefault(id);

    public bool IsNameTaken(ReadOnlySpan<byte> name)
    {
        var wanted = name.ToArray();
        return _leases.Values.Any(lease => !lease.Hidden && lease.Name.AsSpan().SequenceEqual(wanted));
    }

    public void Set(LeaseRecord lease)
    {
        _leases[lease.Id] = lease;
        lease.AddTo(_hash);
    }

    public void Remove(LeaseRecord lease)
    {
        _leases.Remove(lease.Id);
        LeaseRecord.AddRemoved(_hash, lease.Id);
    }

    public void Attach(long id, byte[] key, LeaseKeyRecord record)
    {
        if (!_leaseKeys.TryGetValue(id, out var keys))
        {
            _leaseKeys.Add(id, keys = new(ByBytes));
        }

        keys[key] = record;
    }

    public void Detach(long id, byte[] key)
    {
        _counted -= FindKey(id, key) is { IsStored: true } ? LeaseKeyRecord.StoredBytes : 0;
        _leaseKeys[id].Remove(key);
    }

    public LeaseKeyRecord? FindKey(long id, ReadOnlySpan<byte> key) =>
        _leaseKeys.TryGetValue(id, out var keys) ? keys.GetValueOrDefault(key.ToArray()) : null;

    public void Store(long id, byte[] key, LeaseKeyRecord record)
    {
        _counted -= FindKey(id, key) is { IsStored: true } ? LeaseKeyRecord.StoredBytes : 0;
        _counted += record.IsStored ? LeaseKeyRecord.StoredBytes : 0;
        _leaseKeys[id][key] = record;
        record.AddTo(_hash, id);
    }

    public long CountKeys(long id) => _leaseKeys.TryGetValue(id, out var keys) ? keys.Count : 0;

    public bool HasKeys(long id) => CountKeys(id) > 0;

    public List<byte[]> KeysOf(long id, int max) =>
        _leaseKeys.TryGetValue(id, out var keys) ? [.. keys.Keys.Take(max)] : [];

    private IEnumerable<RevisionRecord> Kept(List<RevisionRecord> versions)
    {
        var last = versions.FindLastIndex(version => version.Revision.Main <= CompactRevision);
        return versions.Where((version, at) =>
            at > last || version.Revision.Main == CompactRevision || (at == last && !version.IsTombstone));
    }

    private Revision NextRevision()
    {
        if (_openMain == 0)
        {
            _openMain = ++Revision;
        }

        return new Revision(_openMain, _nextSub++);
    }

    private RevisionRecord Add(RevisionRecord record)
    {
        if (!_versions.TryGetValue(record.Key, out var versions))
        {
            _versions.Add(record.Key, versions = []);
        }

        versions.Add(record);
        record.AddTo(_hash);
        return record;
    }

    private sealed record Live(RevisionRecord Last) : ILiveKey
    {
        public byte[] Key => Last.Key;

        public Revision Revision => Last.Revision;

        public long CreateRevision => Last.CreateRevision;

        public long Version => Last.Version;

        public long Lease => Last.Lease;

        public int ValueBytes => Last.ValueBytes;

        public bool HasOwnDeadline => (Last.Flags & KeyFlags.OwnDeadline) != 0;

        public int LogicalBytes => Last.LogicalBytes;
    }
}
