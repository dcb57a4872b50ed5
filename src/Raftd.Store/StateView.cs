using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.State.Trees;
using Raftd.State.Views;
using Raftd.Store.Mvcc;

namespace Raftd.Store;

/// <summary>The state as of one publish. Never changes; any thread may read it, and waits for no other.</summary>
/// <remarks>
/// <para>
/// The index, and values up to 4 KiB as far as the cache has them, are in memory. Other values and old versions are read
/// from the overlay or the store, where compaction may have removed them since this view was made: then the answer is
/// Compacted, never "not found". A view is cheap to take; take a new one for each request rather than keep one.
/// </para>
/// </remarks>
public sealed class StateView : IHistoryView
{
    private readonly StateEpoch _epoch;

    internal StateView(StateEpoch epoch, AppliedState applied, int featureLevel)
    {
        _epoch = epoch;
        Applied = applied;
        FeatureLevel = featureLevel;
    }

    /// <summary>The newest main revision; 1 for a fresh store.</summary>
    public long Revision { get; internal set; }

    /// <summary>The lowest revision that can be read; 0 before the first compaction.</summary>
    public long CompactRevision { get; internal set; }

    /// <summary>What the quota bounds (docs/keyspace.md); replicated.</summary>
    public long LogicalBytes { get; internal set; }

    /// <summary>The part of LogicalBytes that a compaction to Revision would free; replicated.</summary>
    public long HistoryBytes { get; internal set; }

    public AppliedState Applied { get; }

    /// <summary>Ordered by kind, cause and member.</summary>
    public IReadOnlyList<Alarm> Alarms { get; internal set; } = [];

    /// <summary>The cluster's feature level: what may be written and sent is of this one or an older one.</summary>
    public int FeatureLevel { get; }

    /// <summary>As given to ApplyConfiguration; empty before the first.</summary>
    public ReadOnlyMemory<byte> Configuration { get; internal set; }

    /// <summary>The index of the entry that brought Configuration; 0 before the first.</summary>
    public ulong ConfigurationIndex { get; internal set; }

    /// <summary>Keys that live.</summary>
    public long KeyCount => Index.Weight;

    /// <summary>Leases, hidden ones included.</summary>
    public long LeaseCount => Leases.ById.Weight;

    internal LeaseTrees Leases { get; set; }

    internal CowSnapshot<byte[], KeyRecord> Index { get; set; }

    public ILiveKey? FindLive(ReadOnlySpan<byte> key) =>
        Index.Find(new BytesProbe(key)) is { IsTombstone: false } live ? live : null;

    internal StateEpoch Epoch => _epoch;

    /// <summary>The newest version of one key. Allocates nothing when the value is cached.</summary>
    /// <exception cref="StoreException">Compacted, or NotReady after a snapshot: ask a new view.</exception>
    public bool TryGet(ReadOnlySpan<byte> key, out KeyItem item) => Keys.TryGet(key, out item);

    public LeaseRecord? FindLease(long id) => Leases.Find(id);

    public LeaseKeyRecord? FindLeaseKey(long id, ReadOnlySpan<byte> key) => Leases.FindKey(id, key);

    public IEnumerable<LeaseRecord> LeasesFrom(long id) => Leases.From(id);

    public IEnumerable<LeaseRecord> LeasesNamed(byte[] prefix) => Leases.Named(prefix);

    public IEnumerable<AttachedKey> KeysOf(long lease, byte[] from) => Leases.KeysOf(lease, from);

    /// <summary>Whether a revision above this one touched the key, its deletion included.</summary>
    /// <remarks>
    /// The index does not know a key whose deletion was compacted. Then the answer is yes, because a waiter that was told
    /// no would wait for a change that it has missed. After 0 means "until it exists", and nothing was missed.
    /// Compaction to C takes deletions up to C - 1.
    /// </remarks>
    public bool HasChangedSince(ReadOnlySpan<byte> key, long afterRevision) => Index.Find(new BytesProbe(key)) is { } record
        ? record.Revision.Main > afterRevision
        : afterRevision > 0 && afterRevision < CompactRevision - 1;

    /// <summary>The range at the newest or at an earlier revision, with its values copied out of the store.</summary>
    /// <exception cref="StoreException">As KeyReader.Range.</exception>
    public RangeResponse Range(RangeRequest request) => Keys.Range(request, mayFill: true);

    public IReadOnlyList<ILiveKey> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, int max) =>
        KeyRecord.LiveIn(Index, range, from.Span, max);

    public byte[] ValueOf(ILiveKey live) => Keys.ValueOf((KeyRecord)live);

    /// <summary>The changes from one on, in the order of their revisions, up to this view's: a bounded step of them.</summary>
    /// <exception cref="StoreException">As KeyReader.Changes.</exception>
    public ChangePage Changes(Revision from, long maxBytes) => Keys.Changes(from, maxBytes);

    /// <summary>The keys of a range as of one revision: a bounded step of them.</summary>
    /// <exception cref="StoreException">As KeyReader.Page.</exception>
    public KeyPage Page(KeyPageRequest request) => Keys.Page(request);

    /// <summary>The versions of a key that are kept, the newest first: a bounded step of them.</summary>
    /// <exception cref="StoreException">As KeyReader.Versions.</exception>
    public VersionPage Versions(VersionPageRequest request) => Keys.Versions(request);

    /// <summary>The keys as they were at a revision, in key order: a bounded step of them.</summary>
    /// <exception cref="StoreException">As KeyReader.Image.</exception>
    public ImagePage Image(ReadOnlySpan<byte> from, long at, long maxBytes) => Keys.Image(from, at, maxBytes);

    private KeyReader Keys => new(_epoch, Index, Revision, CompactRevision);
}
