using Microsoft.Extensions.Logging;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Store.Buckets;
using Raftd.Store.Mvcc;
using Raftd.Store.Snapshots;

namespace Raftd.Node.Peers;

/// <summary>The receiving end of a snapshot: into a store beside the one in use, then to the core for its decision.</summary>
/// <remarks>
/// One at a time, from the first byte until it is installed or refused: there is one place beside the store in use.
/// Cut, damaged or refused, it is thrown away, and this member goes on with the state it has.
/// </remarks>
internal sealed class SnapshotIntake(
    IStateDirectory directory, Replica replica, ulong clusterId, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <returns>Null once it is installed; else the reason why not, for the sender.</returns>
    public async Task<string?> ReceiveAsync(FrameReader frames, CancellationToken cancellationToken)
    {
        if (!await _one.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            return "another snapshot is being received";
        }

        try
        {
            var refusal = await ReceiveOneAsync(frames, cancellationToken);
            if (refusal is not null)
            {
                Abandon(refusal);
            }

            return refusal;
        }
        catch (Exception failure) when (failure is not InvariantViolationException)
        {
            Abandon(failure.Message);
            return failure.Message;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private void Abandon(string why)
    {
        NodeLog.SnapshotRefused(logger, why);
        directory.AbandonInstall();
    }

    private async Task<string?> ReceiveOneAsync(FrameReader frames, CancellationToken cancellationToken)
    {
        if (await frames.ReadAsync(cancellationToken) is not { } payload || frames.Kind != FrameKind.Message)
        {
            return "a snapshot begins with its MsgSnap";
        }

        if (!MessageCodec.TryDecode(payload.Span, out var header, out var error) || header.Snapshot is null)
        {
            return error ?? "the first message is no MsgSnap";
        }

        NodeLog.SnapshotReceiving(logger, header.Snapshot.Id.Index);
        var store = directory.BeginInstall();
        using var received = new SnapshotReceiver(store, StateMachine.VerifySnapshot);
        while (!received.IsComplete)
        {
            var bytes = await frames.ReadRawAsync(cancellationToken);
            if (bytes.IsEmpty)
            {
                break;
            }

            Failpoint.Hit("snapshot.received-chunk", static errno => new IOException($"errno {errno}"));
            received.Feed(bytes.Span);
        }

        var meta = received.Finish();
        if (meta.ClusterId != clusterId || meta.Index != header.Snapshot.Id.Index || meta.Term != header.Snapshot.Id.Term)
        {
            return $"the snapshot is of cluster {meta.ClusterId:x16} at {meta.Index}, not what its message says";
        }

        Failpoint.Hit("snapshot.received");
        var offer = new SnapshotOffer(header, store);
        directory.HandOverInstall();
        replica.Offer(offer);
        if (!await offer.Task)
        {
            directory.TakeBackInstall();
            return "this member is ahead of the snapshot";
        }

        NodeLog.SnapshotInstalled(logger, meta.Index);
        return null;
    }
}
