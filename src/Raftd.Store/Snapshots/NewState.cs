using System.Buffers;
using Raftd.State.Commands;
using Raftd.Store.Buckets;

namespace Raftd.Store.Snapshots;

/// <summary>The state of a directory that a new cluster begins with. A crash in between leaves a directory without a name
/// of its own, which is thrown away: so nothing here has to be atomic.</summary>
public static class NewState
{
    private const int ChunkBytes = 256 << 10;

    /// <param name="directory">With an empty state.</param>
    /// <param name="next">The chunks of a snapshot in their order, each good until the next; empty behind the last one.</param>
    /// <exception cref="SnapshotCorruptException">They contradict each other.</exception>
    /// <exception cref="NewerLevelException">They are of a build newer than this one.</exception>
    /// <exception cref="BucketStoreException">The disk.</exception>
    public static void Fill(IStateDirectory directory, Func<ReadOnlyMemory<byte>> next)
    {
        var store = directory.BeginInstall();
        using (var receiver = new SnapshotReceiver(store, StateMachine.VerifySnapshot))
        {
            for (var chunk = next(); !chunk.IsEmpty; chunk = next())
            {
                receiver.Feed(chunk.Span);
            }

            receiver.Finish();
        }

        directory.HandOverInstall();
        Invariant.Check(directory.TryCompleteInstall(), "readers of a state that was never in use hold up a new one");
    }

    /// <summary>Copies a state pair by pair, each checked against its checksum.</summary>
    /// <param name="directory">With an empty state.</param>
    /// <param name="source">Of a state that has been flushed at least once.</param>
    /// <exception cref="BucketStoreException">Corrupt: a pair is not what was stored; or the disk.</exception>
    /// <inheritdoc cref="Fill"/>
    public static void Copy(IStateDirectory directory, IBucketReader source)
    {
        var meta = Describe(source);
        var buffer = new ArrayBufferWriter<byte>();
        using var sender = new SnapshotSender(
            source, meta, new SnapshotSenderOptions { ChunkBytes = ChunkBytes, Verify = StateMachine.VerifyPair });
        var isComplete = false;
        Fill(directory, () =>
        {
            buffer.ResetWrittenCount();
            isComplete = isComplete || sender.WriteNextChunk(buffer) == SnapshotSendResult.Complete;
            return buffer.WrittenMemory;
        });
    }

    /// <summary>What a state says of itself; index 0 if nothing was ever flushed. The cluster is not known to it.</summary>
    /// <exception cref="NewerLevelException">It is of a build newer than this one.</exception>
    /// <exception cref="BucketStoreException">It is damaged.</exception>
    public static SnapshotMeta Describe(IBucketReader source) =>
        StateMachine.ReadSnapshotMeta(source, clusterId: 0, FeatureLevel.Newest);

    /// <summary>Sets the revision that the new cluster goes on with, and reads all of the state back.</summary>
    /// <param name="directory">With the state.</param>
    /// <param name="raiseRevisionBy">0 leaves the revision as it is. Above: the next change is that much later, and history is
    /// compacted up to there. Clients that have seen revisions which are lost are told so instead of taking new ones for them.</param>
    /// <returns>The first contradiction in the state, or null.</returns>
    public static string? Complete(IStateDirectory directory, long raiseRevisionBy)
    {
        if (raiseRevisionBy > 0)
        {
            RaiseRevision(directory.Current, raiseRevisionBy);
        }

        using var state = StateMachine.Open(directory, new StoreOptions());
        return state.Audit();
    }

    /// <summary>Loads the state, since what a compaction frees is no longer counted, and writes its meta anew.</summary>
    private static void RaiseRevision(IBucketStore store, long by)
    {
        var state = StateLoader.Load(store, new StoreOptions());
        var raised = checked(state.Keyspace.Revision + by);
        state.Keyspace.Compact(raised);
        store.Write(writer =>
        {
            var meta = new FlushWriter(writer);
            (state.ToMeta() with { Revision = raised }).WriteTo(meta.NewValue());
            meta.PutSealed(Bucket.Meta, StoredMeta.Key);
        });
    }
}
