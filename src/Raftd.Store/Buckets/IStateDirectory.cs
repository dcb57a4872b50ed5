using Raftd.Store.Snapshots;

namespace Raftd.Store.Buckets;

/// <summary>
/// The place of a member's state: the store in use, and beside it the one being installed from a snapshot. A crash at
/// any moment leaves the old store or the new one, whole, and nothing of the other.
/// </summary>
/// <remarks>
/// One thread swaps the store in use: a part that keeps a reference to Current must be told before TryCompleteInstall (failure
/// 35 of docs/failures.md: two swaps at once). An install has one owner at a time:
/// <code>
///   none ── BeginInstall ──> filling ── HandOverInstall ──> handed over ── TryCompleteInstall ──> none
///                            |  ^  ^                             |
///     none &lt;─ AbandonInstall ┘  |  └───── TakeBackInstall ───────┘
///                               └ BeginInstall: the former is thrown away
/// </code>
/// While it is filled it is the receiver's, across as many streams as it takes: nothing but the receiver ends it. What was
/// handed over is the core's: it decides, and until then nothing throws away what it may be about to install.
/// </remarks>
public interface IStateDirectory : IDisposable
{
    /// <summary>True if there was no store and an empty one was made. The caller knows whether that may be so.</summary>
    bool IsNew { get; }

    /// <summary>The store in use. Another object after TryCompleteInstall.</summary>
    IBucketStore Current { get; }

    /// <summary>Opens an empty store beside the current one; an install that was being filled is thrown away for it.</summary>
    /// <remarks>Never while an install is handed over: it is completed or taken back first.</remarks>
    IBucketStore BeginInstall();

    /// <summary>The store of BeginInstall is whole and verified: from now on the core decides about it.</summary>
    void HandOverInstall();

    /// <summary>The core has no use for it: it is the receiver's again.</summary>
    void TakeBackInstall();

    /// <summary>
    /// Makes the store of BeginInstall the current one, durably, and closes the former. The caller has verified it, and
    /// begins no reader of the former store any more.
    /// </summary>
    /// <returns>False while readers of the former store are open: they have been asked to end, and nothing else has changed.
    /// The call never waits for them; it is repeated.</returns>
    /// <exception cref="BucketStoreException">The object is of no use any more, and the process restarts.</exception>
    bool TryCompleteInstall();

    /// <summary>Begins to copy the store in use into a smaller file, which takes its place in the end. Current stays the same
    /// object, and is read and written meanwhile. One at a time; a completed install ends it.</summary>
    /// <param name="verify">Looks at each pair on its way.</param>
    /// <exception cref="BucketStoreException">Full: the disk has no room for a copy. ReadersOpen: readers of the file before the
    /// last one have not ended.</exception>
    IDefragmentation BeginDefragmentation(PairCheck verify);

    /// <summary>Throws the store of BeginInstall away, if there is one. Never while it is handed over.</summary>
    void AbandonInstall();
}
