using System.Buffers;
using System.Buffers.Binary;
using Raftd.Contract;
using Raftd.Store;
using Raftd.Store.Buckets;
using Raftd.Store.Snapshots;

namespace Raftd.Node.Service;

/// <summary>Hashes what a member has on its disk: the digest that a snapshot of it would end with.</summary>
/// <remarks>One read transaction as a snapshot being spooled has it: at the disk's speed, ended when the store must grow or
/// close, and then begun anew. Damage is found as a snapshot finds it, and stops the member.</remarks>
internal static class StoredHash
{
    private const int ChunkBytes = 256 << 10;

    // The store doubles each time it asks its readers to end: this often only where it fails.
    private const int MaxBeginnings = 8;

    public static async ValueTask<ulong> ComputeAsync(StateMachine state, ulong clusterId, CancellationToken cancellationToken)
    {
        try
        {
            for (var begun = 0; begun < MaxBeginnings; begun++)
            {
                if (await TryComputeAsync(state, clusterId, cancellationToken) is { } hash)
                {
                    return hash;
                }
            }
        }
        catch (BucketStoreException damage) when (damage.Fault == BucketStoreFault.Corrupt)
        {
            state.Damaged(damage);
            throw new StoreException(ErrorCode.NotReady, "the state of this member is damaged, and it stops", "ask another member");
        }
        catch (BucketStoreException busy) when (busy.Fault is BucketStoreFault.ReadersOpen or BucketStoreFault.ReadersFull)
        {
            throw Busy(busy.Message);
        }

        throw Busy($"the store asked its readers to end {MaxBeginnings} times");
    }

    /// <returns>Null when the store asked its readers to end.</returns>
    private static async ValueTask<ulong?> TryComputeAsync(StateMachine state, ulong clusterId, CancellationToken cancellationToken)
    {
        using var opened = state.OpenSnapshot(clusterId);
        var options = new SnapshotSenderOptions { ChunkBytes = ChunkBytes, Verify = StateMachine.VerifyPair };
        using var sender = new SnapshotSender(opened.Reader, opened.Meta, options);
        var chunk = new ArrayBufferWriter<byte>();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (sender.WriteNextChunk(chunk))
            {
                case SnapshotSendResult.MustYield:
                    return null;
                case SnapshotSendResult.Complete:
                    return BinaryPrimitives.ReadUInt64BigEndian(sender.Digest.Span);
                default:
                    chunk.ResetWrittenCount();
                    await Task.Yield();
                    break;
            }
        }
    }

    private static StoreException Busy(string reason) =>
        new(ErrorCode.TooManyRequests, $"the state cannot be read as a whole now: {reason}", "ask again in a moment");
}
