using Raftd.Node.Membership;
using Raftd.Wal;

namespace Raftd.Node.Restoring;

/// <summary>A data directory that a new cluster begins with: a state that was there before, and the identity of a founder that
/// has not started.</summary>
/// <remarks>
/// The cluster gets ids of its own: members of the former one, which may still run, never mix with it. The first start of the
/// directory puts the configuration of one voter behind the state as the first entry of its log (RaftdMember.Found), with the
/// addresses that it is started with. Others join it and get the state as a snapshot.
///
/// All of it is made beside the directory, checked, and renamed into its place in the end: a crash leaves no directory that
/// looks like a member's, and a directory that holds anything is never touched.
/// </remarks>
internal static class FirstMember
{
    private const string WorkSuffix = ".restoring";

    /// <param name="dataDirectory">Missing, or empty.</param>
    /// <param name="label">What the member is started with as -id.</param>
    /// <param name="fillState">Makes the state in the directory that it is given.</param>
    /// <returns>The id of the new cluster.</returns>
    /// <exception cref="FatalStopException">The directory is in use.</exception>
    public static ulong Make(string dataDirectory, string label, Action<string> fillState)
    {
        var files = new PosixFileSystem();
        var target = Path.GetFullPath(dataDirectory).TrimEnd(Path.DirectorySeparatorChar);
        var work = target + WorkSuffix;
        try
        {
            RequireEmpty(target);
            RemoveLeftovers(work);
            DataDirectory.Prepare(files, work);
            fillState(work);
            var clusterId = Found(files, work, label);
            files.Rename(work, target);
            files.SyncDirectory(Path.GetDirectoryName(target)!);
            return clusterId;
        }
        finally
        {
            RemoveLeftovers(work);
        }
    }

    private static void RequireEmpty(string target)
    {
        if (Path.Exists(target) && (!Directory.Exists(target) || Directory.EnumerateFileSystemEntries(target).Any()))
        {
            throw new FatalStopException(
                FatalReason.DataDirectoryUnusable,
                $"{target} holds something already, and nothing was changed",
                "name a directory that is empty or not there yet");
        }
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
