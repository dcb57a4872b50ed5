// From a backup to a data directory that a new cluster begins with.

using Raftd.Store.Lmdb;
using Raftd.Store.Snapshots;

namespace Raftd.Node.Restoring;

public sealed record RestoreOptions
{
    /// <summary>Of the new member; missing, or empty.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>What the member is started with as -id.</summary>
    public required string Label { get; init; }

    /// <summary>As of <see cref="NewState.Complete"/>.</summary>
    public long RaiseRevisionBy { get; init; }
}

/// <summary>What a restore has made.</summary>
/// <param name="ClusterId">Of the new cluster.</param>
/// <param name="Backup">What it was made of.</param>
public sealed record RestoredMember(ulong ClusterId, BackupSummary Backup)
{
    /// <exception cref="FatalStopException">The directory is in use, the disk failed, or the backup is of a newer build.</exception>
    /// <exception cref="BackupException">The file is no backup, or is damaged; nothing was changed.</exception>
    public static RestoredMember Make(BackupReader backup, RestoreOptions options)
    {
        try
        {
            var clusterId = FirstMember.Make(options.DataDirectory, options.Label, work =>
            {
                using var state = StateDirectory.Open(work);
                BackupRestore.Run(backup, state, options.RaiseRevisionBy);
            });
            return new RestoredMember(clusterId, backup.Summary!);
        }
        catch (SnapshotCorruptException contradiction)
        {
            throw new BackupException($"its content contradicts itself: {contradiction.Message}");
        }
        catch (Exception failure) when (failure is not (BackupException or FatalStopException or IOException))
        {
            throw FatalStops.Of(failure, options.DataDirectory);
        }
    }
}
