using Raftd.Raft;
using Raftd.Store.Buckets;

namespace Raftd.Node.Replication;

/// <summary>A complete, verified snapshot that a peer sent; completes with true once installed, with false if the core
/// had no use for it (it was behind what this member has).</summary>
internal sealed class SnapshotOffer(Message header, IBucketStore received)
    : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    /// <summary>The MsgSnap that came with it.</summary>
    public Message Header { get; } = header;

    /// <summary>The verified store, waiting beside the one in use.</summary>
    public IBucketStore Received { get; } = received;
}
