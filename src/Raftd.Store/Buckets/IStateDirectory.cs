namespace Raftd.Store.Buckets;

/// <summary>
/// The place of a member's state: the store in use, and beside it the one being installed from a snapshot. A crash at
/// any moment leaves the old store or the new one, whole, and nothing of the other.
/// </summary>
/// <remarks>
/// Owned by one thread, which alone swaps the store in use: whoever keeps a reference to Current must be told before
/// TryCompleteInstall (failure 35 in the catalogue: two swaps at once).
/// </remarks>
public interface IStateDirectory : IDisposable
{
    /// <summary>True if there was no store and an empty one was made. The caller knows whether that may be so.</summary>
    bool IsNew { get; }

    /// <summary>The store in use. Another object after TryCompleteInstall.</summary>
    IBucketStore Current { get; }

    /// <summary>Opens an empty store beside the current one; whatever an earlier attempt left there is gone.</summary>
    IBucketStore BeginInstall();

    /// <summary>
    /// Makes the store of BeginInstall the current one, durably, and closes the former. The caller has verified it, and
    /// begins no reader of the former store any more.
    /// </summary>
    /// <returns>False while readers of the former store are open: they have been asked to end, and nothing else has changed.
    /// The call never waits for them; it is repeated.</returns>
    /// <exception cref="BucketStoreException">The object is of no use any more, and the process restarts.</exception>
    bool TryCompleteInstall();

    /// <summary>Throws the store of BeginInstall away, if there is one.</summary>
    void AbandonInstall();
}
