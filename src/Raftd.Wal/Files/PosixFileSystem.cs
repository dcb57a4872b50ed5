using System.Runtime.InteropServices;

namespace Raftd.Wal;

/// <summary>The file system of the machine: files 0600, directories 0700, every errno checked.</summary>
public sealed class PosixFileSystem : IFileSystem
{
    public IFile Open(string path, FileOpenMode mode, bool writable = true)
    {
        var flags = writable ? Posix.ReadWrite : Posix.ReadOnly;
        flags |= mode switch
        {
            FileOpenMode.CreateNew => Posix.Create | Posix.Exclusive,
            FileOpenMode.OpenOrCreate => Posix.Create,
            _ => 0,
        };
        return new PosixFile(Posix.OpenOrThrow(path, flags, "open"), path);
    }

    public bool Exists(string path) => Path.Exists(path);

    public void Delete(string path) => Posix.Check(Posix.Unlink(path), "delete", path);

    public void Rename(string from, string to) => Posix.Check(Posix.Rename(from, to), "rename", $"{from} to {to}");

    public void CreateDirectory(string path)
    {
        if (Posix.MakeDirectory(path, Posix.OwnerAll) < 0)
        {
            // Before the next call puts its own error in its place.
            var error = Marshal.GetLastPInvokeError();
            if (!Directory.Exists(path))
            {
                throw new StorageIoException("create directory", path, error);
            }
        }
    }

    public void SyncDirectory(string path)
    {
        using var directory = Posix.OpenOrThrow(path, Posix.ReadOnly, "open directory");
        Posix.Check(Posix.Sync(directory), "fsync directory", path);
    }

    public IReadOnlyList<string> List(string directory)
    {
        try
        {
            var names = Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)).ToList();
            names.Sort(StringComparer.Ordinal);
            return names;
        }
        catch (DirectoryNotFoundException)
        {
            throw new StorageIoException("list", directory, Errno.NotFound);
        }
        catch (UnauthorizedAccessException)
        {
            throw new StorageIoException("list", directory, Errno.AccessDenied);
        }
        catch (IOException)
        {
            throw new StorageIoException("list", directory, Errno.Io);
        }
    }

    /// <remarks>By statvfs: of the file system that holds the directory, less what is set aside for root.</remarks>
    public long AvailableBytes(string directory)
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(directory)).AvailableFreeSpace;
        }
        catch (DriveNotFoundException)
        {
            throw new StorageIoException("statvfs", directory, Errno.NotFound);
        }
        catch (UnauthorizedAccessException)
        {
            throw new StorageIoException("statvfs", directory, Errno.AccessDenied);
        }
        catch (IOException)
        {
            throw new StorageIoException("statvfs", directory, Errno.Io);
        }
    }
}
