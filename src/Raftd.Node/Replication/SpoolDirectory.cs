using System.Globalization;
using Raftd.Wal;

namespace Raftd.Node.Replication;

/// <summary>The directory of spooled snapshots: names, free space, and the files of a former process.</summary>
/// <remarks>Nothing in it is ever synced: after a crash it is worthless, and the next start empties it.</remarks>
internal sealed class SpoolDirectory(IFileSystem files, string path)
{
    private const string Extension = ".spool";

    public long AvailableBytes => files.AvailableBytes(path);

    /// <summary>Makes the directory if it is not there, and removes the files of an earlier process.</summary>
    /// <exception cref="StorageIoException">The disk failed.</exception>
    public void Prepare()
    {
        files.CreateDirectory(path);
        foreach (var name in files.List(path))
        {
            if (name.EndsWith(Extension, StringComparison.Ordinal))
            {
                files.Delete(Path.Combine(path, name));
            }
        }
    }

    /// <summary>A new, empty file.</summary>
    /// <exception cref="StorageIoException">The disk is full, or failed.</exception>
    public (IFile File, string Path) Create(ulong id)
    {
        var name = Path.Combine(path, id.ToString("x16", CultureInfo.InvariantCulture) + Extension);
        return (files.Open(name, FileOpenMode.CreateNew), name);
    }

    /// <summary>Removes the name. Readers that have the file open read on, and the space is free after the last of them.</summary>
    /// <returns>The failure, after which the file stays until the next start; null if there was none.</returns>
    public StorageIoException? TryDelete(string name)
    {
        try
        {
            files.Delete(name);
            return null;
        }
        catch (StorageIoException failure)
        {
            return failure;
        }
    }
}
