using Raftd.State.Commands;
using Raftd.Store.Buckets;

namespace Raftd.Store.Snapshots;

/// <summary>Makes the state of a backup the state of a directory that has none.</summary>
public static class BackupRestore
{
    /// <param name="backup">At its beginning.</param>
    /// <param name="directory">With an empty state.</param>
    /// <param name="raiseRevisionBy">0 leaves the revision as it is. Above: the next change is that much later, and history is
    /// compacted up to there. Clients that have seen revisions after the backup are told so instead of taking new ones for them.</param>
    /// <returns>What the backup holds, all of it checked and read back.</returns>
    /// <exception cref="BackupException">The file is no backup, or is damaged.</exception>
    /// <exception cref="SnapshotCorruptException">Its content contradicts itself.</exception>
    /// <exception cref="NewerLevelException">It is of a build newer than this one.</exception>
    /// <exception cref="BucketStoreException">The disk.</exception>
    public static BackupSummary Run(BackupReader backup, IStateDirectory directory, long raiseRevisionBy)
    {
        var store = directory.BeginInstall();
        using (var receiver = new SnapshotReceiver(store, StateMachine.VerifySnapshot))
        {
            for (var chunk = backup.Read(); !chunk.IsEmpty; chunk = backup.Read())
            {
                receiver.Feed(chunk.Span);
            }

            receiver.Finish();
        }

        if (raiseRevisionBy > 0)
        {
            RaiseRevision(store, raiseRevisionBy);
        }

        directory.HandOverInstall();
        Invariant.Check(directory.TryCompleteInstall(), "readers of a state that was never in use hold up a restore");
        RequireWhole(directory);
        return backup.Summary!;
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

    /// <summary>As a member would open it, and every record compared.</summary>
    private static void RequireWhole(IStateDirectory directory)
    {
        using var state = StateMachine.Open(directory, new StoreOptions());
        if (state.Audit() is { } difference)
        {
            throw new BackupException($"its content contradicts itself: {difference}");
        }
    }
}
