namespace Raftd.Store.Buckets;

/// <summary>The store in use, on its way into a smaller file. On the thread that writes to the store, between its writes.</summary>
/// <remarks>Disposed before its last step it changes nothing: the store stays as it is.</remarks>
public interface IDefragmentation : IDisposable
{
    /// <summary>Bytes of the store's file before.</summary>
    long FormerBytes { get; }

    /// <summary>A step failed in the middle of the switch: which file a start would find is unknown, so the process must stop.</summary>
    bool IsInDoubt { get; }

    /// <summary>Copies a bounded part, or, when all is copied, puts the copy into the store's place.</summary>
    /// <returns>True when there is more to do.</returns>
    /// <exception cref="BucketStoreException">Full: the disk has no room for the copy. ReadersOpen: an install took the store's
    /// place. Corrupt: the store is damaged.</exception>
    bool Step();
}
