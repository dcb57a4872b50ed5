using Raftd.State.Keyspaces;
using Raftd.State.Trees;

namespace Raftd.Store.Mvcc;

/// <summary>A version of a key that a later one replaced.</summary>
internal readonly record struct PastRevision(long Main, int Sub, bool IsTombstone);

/// <summary>What the index knows of one key: its newest version, and where the versions before it are.</summary>
/// <remarks>
/// <para>
/// A record never changes once readers can see it, but for the cached value. The past lies in an array that grows at
/// its end and is shared by the records of one key: a record looks at its first PastCount elements only, and only the
/// newest record, of which there is one, appends behind them. So a put copies no history.
/// </para>
/// <para>
/// A generation (from creation to tombstone) is not kept as such: a version's create revision and number are in its
/// stored record, and whether a key lives at a revision is told by whether the last version up to it is a tombstone.
/// </para>
/// </remarks>
internal sealed class KeyRecord : ILiveKey, IWeighted
{
    /// <summary>In the slot of a record that the index has lost: nothing is cached there, and nothing can be.</summary>
    private static readonly byte[] Retired = [0];

    private byte[]? _cached;

    public required byte[] Key { get; init; }

    public required Revision Revision { get; init; }

    public required long CreateRevision { get; init; }

    public required long Version { get; init; }

    public required long Lease { get; init; }

    public required int ValueBytes { get; init; }

    public required KeyFlags Flags { get; init; }

    public PastRevision[]? Past { get; init; }

    public int PastCount { get; init; }

    /// <summary>The value if it is cached. Any thread may set and clear it, through ValueCache alone; a reader looks once.</summary>
    public byte[]? CachedValue
    {
        get => Volatile.Read(ref _cached) is { } cached && !ReferenceEquals(cached, Retired) ? cached : null;
        init => _cached = value;
    }

    /// <summary>Read since the eviction's last visit. A race costs nothing but a wrong guess.</summary>
    public bool Touched { get; set; }

    public bool IsTombstone => (Flags & KeyFlags.Tombstone) != 0;

    public bool HasOwnDeadline => (Flags & KeyFlags.OwnDeadline) != 0;

    public int LogicalBytes => Key.Length + ValueBytes + RevisionRecord.OverheadBytes;

    /// <summary>Live keys count in a range, deleted ones do not.</summary>
    public int Weight => IsTombstone ? 0 : 1;

    /// <summary>False where the slot has a value already, or is retired.</summary>
    public bool TrySetCached(byte[] value) => Interlocked.CompareExchange(ref _cached, value, null) is null;

    /// <summary>Empties the slot.</summary>
    /// <returns>What the caller took out; null if there was nothing, or another thread was first.</returns>
    public byte[]? EvictCached()
    {
        var cached = CachedValue;
        return cached is not null && Interlocked.CompareExchange(ref _cached, null, cached) == cached ? cached : null;
    }

    /// <summary>Empties the slot for good.</summary>
    /// <returns>What the caller took out, or null.</returns>
    public byte[]? RetireCached()
    {
        var cached = Interlocked.Exchange(ref _cached, Retired);
        return ReferenceEquals(cached, Retired) ? null : cached;
    }

    /// <summary>The version that readers at <paramref name="main"/> see; false where the key did not live.</summary>
    public bool TryFindAt(long main, out Revision revision)
    {
        if (Revision.Main <= main)
        {
            revision = Revision;
            return !IsTombstone;
        }

        var at = LastPastUpTo(main);
        if (at < 0 || Past![at].IsTombstone)
        {
            revision = default;
            return false;
        }

        revision = new Revision(Past[at].Main, Past[at].Sub);
        return true;
    }

    /// <summary>The position of the last past version not newer than main, -1 if there is none.</summary>
    public int LastPastUpTo(long main)
    {
        var low = 0;
        var high = PastCount;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (Past![middle].Main <= main)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }

    /// <summary>The record after a newer version; this one becomes its past.</summary>
    public KeyRecord Next(RevisionRecord newer, byte[]? cachedValue)
    {
        var past = Past;
        if (past is null || past.Length == PastCount)
        {
            var grown = new PastRevision[Math.Max(2, PastCount * 2)];
            past?.AsSpan(0, PastCount).CopyTo(grown);
            past = grown;
        }

        past[PastCount] = new PastRevision(Revision.Main, (int)Revision.Sub, IsTombstone);
        return From(newer, Key, cachedValue, past, PastCount + 1);
    }

    /// <summary>The record without its first <paramref name="dropped"/> past versions, and without a cached value: there is
    /// one, and ValueCache.Retire moves it.</summary>
    public KeyRecord WithoutOldest(int dropped)
    {
        var kept = PastCount - dropped;
        return new KeyRecord
        {
            Key = Key,
            Revision = Revision,
            CreateRevision = CreateRevision,
            Version = Version,
            Lease = Lease,
            ValueBytes = ValueBytes,
            Flags = Flags,
            Past = kept == 0 ? null : Past!.AsSpan(dropped, kept).ToArray(),
            PastCount = kept,
            Touched = Touched,
        };
    }

    /// <summary>How many keys of [key, rangeEnd) live in an index. Takes logarithmic time.</summary>
    public static long CountLive(CowSnapshot<byte[], KeyRecord> index, ReadOnlySpan<byte> key, ReadOnlySpan<byte> rangeEnd)
    {
        if (rangeEnd.IsEmpty)
        {
            return index.Find(new BytesProbe(key))?.Weight ?? 0;
        }

        var high = KeyRange.IsToEnd(rangeEnd) ? index.Weight : index.WeightBefore(new BytesProbe(rangeEnd));
        return Math.Max(0, high - index.WeightBefore(new BytesProbe(key)));
    }

    /// <summary>The first live keys of the range from a key on, at most so many.</summary>
    public static IReadOnlyList<ILiveKey> LiveIn(
        CowSnapshot<byte[], KeyRecord> index, KeyRange range, ReadOnlySpan<byte> from, int max)
    {
        var found = new List<KeyRecord>();
        var scan = index.FromWeighty(new BytesProbe(from));
        while (found.Count < max && scan.MoveNext() && range.IsBeforeEnd(scan.Key))
        {
            found.Add(scan.Item);
        }

        return found;
    }

    public static KeyRecord First(RevisionRecord record, byte[]? cachedValue) =>
        From(record, record.Key, cachedValue, past: null, pastCount: 0);

    private static KeyRecord From(
        RevisionRecord record, byte[] key, byte[]? cachedValue, PastRevision[]? past, int pastCount) => new()
        {
            Key = key,
            Revision = record.Revision,
            CreateRevision = record.CreateRevision,
            Version = record.Version,
            Lease = record.Lease,
            ValueBytes = record.ValueBytes,
            Flags = record.Flags,
            Past = past,
            PastCount = pastCount,
            CachedValue = cachedValue,
        };
}
