using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.State.Views;

/// <summary>The state as of one publish. Never changes; any thread may read it.</summary>
public interface IStateView : IKeyReads
{
    /// <summary>The lowest revision that can be read; 0 before the first compaction.</summary>
    long CompactRevision { get; }

    /// <summary>The part of the logical bytes that a compaction to Revision would free.</summary>
    long HistoryBytes { get; }

    /// <summary>The cluster's.</summary>
    int FeatureLevel { get; }

    /// <summary>Whether a revision above this one touched the key, its deletion included.</summary>
    bool HasChangedSince(ReadOnlySpan<byte> key, long afterRevision);

    /// <summary>The changes from one on, in the order of their revisions, up to this view's: a bounded step of them.</summary>
    /// <param name="from">The first one.</param>
    /// <param name="maxBytes">Of logical bytes; one change is answered in any case.</param>
    /// <exception cref="StoreException">Compacted; NotReady after a snapshot: ask a new view.</exception>
    ChangePage Changes(Revision from, long maxBytes);

    LeaseRecord? FindLease(long id);

    LeaseKeyRecord? FindLeaseKey(long id, ReadOnlySpan<byte> key);

    /// <summary>Leases in the order of ids, hidden ones included, from the first whose id is not below this one.</summary>
    IEnumerable<LeaseRecord> LeasesFrom(long id);

    /// <summary>Leases whose names begin with the prefix, in the order of names and ids; none without a name.</summary>
    IEnumerable<LeaseRecord> LeasesNamed(byte[] prefix);

    /// <summary>The keys of a lease in their order, from the first that is not below this one.</summary>
    IEnumerable<AttachedKey> KeysOf(long lease, byte[] from);
}

/// <summary>A key of a lease.</summary>
/// <param name="Key">Its full name; not to be changed.</param>
/// <param name="Record">What is kept of it.</param>
public readonly record struct AttachedKey(byte[] Key, LeaseKeyRecord Record);
