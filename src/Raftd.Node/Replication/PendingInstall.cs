using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>A snapshot that the core accepted, between the applier (which installs the state) and the log (which then
/// starts anew after it).</summary>
/// <remarks>
/// The order is the state first, the log second. A crash between the two finds a state ahead of the log's end, and the
/// start restarts the log at the state's index: whole either way.
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

    /// <summary>Tells the log and the sender.</summary>
    public void MarkInstalled()
    {
        _installed = true;
        Offer.TrySetResult(true);
    }
}
