using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>A snapshot that the core accepted, on its way from the applier, which installs the state, to the log, which then
/// restarts after it.</summary>
/// <remarks>
/// The order is the state first, the log second. After a crash between the two the start finds a state ahead of the log's
/// end and restarts the log at the state's index; nothing is missing.
/// </remarks>
internal sealed class PendingInstall(EntryId snapshot, SnapshotOffer offer)
{
    private volatile bool _installed;

    /// <summary>The last entry the snapshot covers.</summary>
    public EntryId Snapshot { get; } = snapshot;

    /// <summary>Holds the verified store, which waits beside the one in use.</summary>
    public SnapshotOffer Offer { get; } = offer;

    /// <summary>Set by the applier; the log waits for it.</summary>
    public bool IsInstalled => _installed;

    /// <summary>Lets the log restart, and tells the sender.</summary>
    public void MarkInstalled()
    {
        _installed = true;
        Offer.TrySetResult(true);
    }
}
