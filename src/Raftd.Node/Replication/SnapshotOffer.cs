using Raftd.Raft;
using Raftd.Store.Buckets;

namespace Raftd.Node.Replication;

/// <summary>A whole and verified snapshot from a peer. Completes with true once it is installed, with false if the core ignores
/// it because this member has all of it.</summary>
internal sealed class SnapshotOffer(Message header, IBucketStore received)
    : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    /// <summary>The MsgSnap that came with it.</summary>
    public Message Header { get; } = header;

    /// <summary>The verified store, waiting beside the one in use.</summary>
    public IBucketStore Received { get; } = received;
}
