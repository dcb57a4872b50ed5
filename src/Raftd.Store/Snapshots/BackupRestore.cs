using Raftd.State.Commands;
using Raftd.Store.Buckets;

namespace Raftd.Store.Snapshots;

/// <summary>Makes the state of a backup the state of a directory that has none.</summary>
public static class BackupRestore
{
    /// <param name="backup">At its beginning.</param>
    /// <param name="directory">With an empty state.</param>
    /// <param name="raiseRevisionBy">As of <see cref="NewState.Complete"/>.</param>
    /// <exception cref="BackupException">The file is no backup, or is damaged.</exception>
    /// <exception cref="SnapshotCorruptException">Its content contradicts itself.</exception>
    /// <exception cref="NewerLevelException">It is of a build newer than this one.</exception>
    /// <exception cref="BucketStoreException">The disk.</exception>
    public static void Run(BackupReader backup, IStateDirectory directory, long raiseRevisionBy)
    {
        NewState.Fill(directory, backup.Read);
        if (NewState.Complete(directory, raiseRevisionBy) is { } difference)
        {
            throw new BackupException($"its content contradicts itself: {difference}");
        }
    }
}
