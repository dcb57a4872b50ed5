using Raftd.Store.Buckets;

namespace Raftd.Store.Mvcc;

/// <summary>The stored side of one copy of the state: from opening it until a snapshot replaces it.</summary>
/// <remarks>
/// Views hold on to it, so a view made before a snapshot was installed asks the copy it was made from, or learns that it
/// is gone; it never reads the one copy with the index of the other.
/// </remarks>
internal sealed class StateEpoch(IBucketStore store, ValueCache cache)
{
    private OverlayHalves _halves = new(new Overlay(), Frozen: null);
    private long _compactFloor;
    private bool _replaced;

    /// <summary>Set once more by an install, before any view of this epoch is out.</summary>
    public IBucketStore Store { get; set; } = store;

    /// <summary>Of the values of this copy's index.</summary>
    public ValueCache Cache { get; } = cache;

    /// <summary>Called when a read of the store finds damage. Set before any view of this epoch is out.</summary>
    public Action<BucketStoreException> Damaged { get; set; } = static _ => { };

    /// <summary>Replaced by the apply thread while nothing is frozen, by the flusher while something is.</summary>
    public OverlayHalves Halves
    {
        get => Volatile.Read(ref _halves);
        set => Volatile.Write(ref _halves, value);
    }

    /// <summary>The newest compaction applied, published or not: records below it may be gone from the store.</summary>
    public long CompactFloor
    {
        get => Volatile.Read(ref _compactFloor);
        set => Volatile.Write(ref _compactFloor, value);
    }

    /// <summary>True from just before the store is closed.</summary>
    public bool Replaced
    {
        get => Volatile.Read(ref _replaced);
        set => Volatile.Write(ref _replaced, value);
    }
}

/// <summary>A view was read whose copy of the state a snapshot has replaced. Read again from a new view.</summary>
internal sealed class StateReplacedException() : Exception("the state was replaced by a snapshot while it was read");
