using Raftd.Wal;

namespace Raftd.Node;

/// <summary>Makes the data directory if it is missing, and checks that it can be written to.</summary>
internal static class DataDirectory
{
    /// <exception cref="FatalStopException">It cannot be made or written to.</exception>
    public static void Prepare(IFileSystem files, string path)
    {
        try
        {
            if (!files.Exists(path))
            {
                CreateWithParents(files, path);
            }

            ProbeWriting(files, path);
        }
        catch (StorageIoException failure)
        {
            throw new FatalStopException(
                failure.IsDiskFull ? FatalReason.DiskFull : FatalReason.DataDirectoryUnusable,
                $"the data directory {path} cannot be used: {failure.Message}",
                failure.IsDiskFull ? "free space on its disk" : "check that it exists, is a directory, and that this user may write to it",
                failure);
        }
    }

    private static void CreateWithParents(IFileSystem files, string path)
    {
        var parent = Path.GetDirectoryName(Path.GetFullPath(path));
        if (parent is not null && !files.Exists(parent))
        {
            CreateWithParents(files, parent);
        }

        files.CreateDirectory(path);
        if (parent is not null)
        {
            files.SyncDirectory(parent);
        }
    }

    /// <summary>Finds a read-only disk or missing rights here, with a clear message, and not in the middle of a start.</summary>
    private static void ProbeWriting(IFileSystem files, string path)
    {
        var probe = Path.Combine(path, "probe");
        files.Open(probe, FileOpenMode.OpenOrCreate).Dispose();
        files.Delete(probe);
    }
}
