// From a backup to a data directory that a new cluster begins with.
//
// The cluster gets ids of its own: members of the former one, which may still run, never mix with it. The directory's identity
// is a founder's that has not started; its first start puts the configuration of one voter behind the restored state as the
// first entry of its log (RaftdMember.Found), with the addresses that it is started with. Others join it and get the state as a
// snapshot.
//
// All of it is made beside the directory, checked, and renamed into its place in the end: a crash leaves no directory that
// looks like a member's, and a directory that holds anything is never touched.

using Raftd.Node.Membership;
using Raftd.Store.Lmdb;
using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Node.Restoring;

public sealed record RestoreOptions
{
    /// <summary>Of the new member; missing, or empty.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>What the member is started with as -id.</summary>
    public required string Label { get; init; }

    /// <summary>As of <see cref="BackupRestore.Run"/>.</summary>
    public long RaiseRevisionBy { get; init; }
}

/// <summary>What a restore has made.</summary>
/// <param name="ClusterId">Of the new cluster.</param>
/// <param name="Backup">What it was made of.</param>
public sealed record RestoredMember(ulong ClusterId, BackupSummary Backup)
{
    private const string WorkSuffix = ".restoring";

    /// <exception cref="FatalStopException">The directory is in use, the disk failed, or the backup is of a newer build.</exception>
    /// <exception cref="BackupException">The file is no backup, or is damaged; nothing was changed.</exception>
    public static RestoredMember Make(BackupReader backup, RestoreOptions options)
    {
        var files = new PosixFileSystem();
        var target = Path.GetFullPath(options.DataDirectory).TrimEnd(Path.DirectorySeparatorChar);
        var work = target + WorkSuffix;
        try
        {
            RequireEmpty(files, target);
            RemoveLeftovers(work);
            DataDirectory.Prepare(files, work);
            var summary = RestoreState(backup, work, options.RaiseRevisionBy);
            var clusterId = Found(files, work, options.Label);
            files.Rename(work, target);
            files.SyncDirectory(Path.GetDirectoryName(target)!);
            return new RestoredMember(clusterId, summary);
        }
        catch (SnapshotCorruptException contradiction)
        {
            throw new BackupException($"its content contradicts itself: {contradiction.Message}");
        }
        catch (Exception failure) when (failure is not (BackupException or FatalStopException or IOException))
        {
            throw FatalStops.Of(failure, options.DataDirectory);
        }
        finally
        {
            RemoveLeftovers(work);
        }
    }

    private static void RequireEmpty(PosixFileSystem files, string target)
    {
        if (files.Exists(target) && files.List(target).Count > 0)
        {
            throw new FatalStopException(
                FatalReason.DataDirectoryUnusable,
                $"{target} holds something already, and nothing was changed",
                "name a directory that is empty or not there yet");
        }
    }

    private static BackupSummary RestoreState(BackupReader backup, string work, long raiseRevisionBy)
    {
        using var state = StateDirectory.Open(work);
        return BackupRestore.Run(backup, state, raiseRevisionBy);
    }

    private static ulong Found(IFileSystem files, string work, string label)
    {
        var identity = new MemberIdentity
        {
            Format = MemberIdentity.CurrentFormat,
            Instance = IdentityFile.DrawId(),
            Label = label,
            ClusterId = IdentityFile.DrawId(),
            MemberId = IdentityFile.DrawId(),
            IsFounder = true,
        };
        new IdentityFile(files, work).Save(identity);
        return identity.ClusterId;
    }

    private static void RemoveLeftovers(string work)
    {
        if (Directory.Exists(work))
        {
            Directory.Delete(work, recursive: true);
        }
    }
}
