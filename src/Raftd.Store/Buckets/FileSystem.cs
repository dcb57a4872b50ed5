using System.Runtime.InteropServices;

namespace Raftd.Store.Buckets;

/// <summary>
/// What the state directory asks of the file system beyond what .NET offers: the sync of a directory, without which a
/// rename may be undone by a power loss (failure 29 of docs/failures.md), and a sync of a file whose errors are not
/// swallowed.
/// </summary>
internal static partial class FileSystem
{
    private const int ReadOnlyCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC
    private const int WouldBlock = 11; // the numbers of errno.h, which the runtime leaves in HResult
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private static readonly string[] NetworkFormats = ["nfs", "nfs4", "cifs", "smb", "smb2", "smbfs", "9p", "v9fs"];

    private const UnixFileMode DirectoryMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Mode 0700; an existing one is left as it is.</summary>
    /// <exception cref="BucketStoreException">Full or Io.</exception>
    public static void MakeDirectory(string path) => Run("mkdir", path, () =>
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("raftd runs on Linux");
        }

        return Directory.CreateDirectory(path, DirectoryMode);
    });

    /// <summary>Opens or makes a file of mode 0600 that no other process has open this way (flock).</summary>
    /// <exception cref="BucketStoreException">InUse, Full or Io.</exception>
    public static FileStream OpenExclusive(string path) => Run("open", path, () =>
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("raftd runs on Linux");
        }

        return new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    });

    /// <summary>Atomic; replaces what bears the name. Durable once the directories are synced.</summary>
    /// <exception cref="BucketStoreException">Full or Io.</exception>
    public static void Rename(string from, string to) => Run("rename", from, () => File.Move(from, to, overwrite: true));

    /// <summary>Removes a directory and what is in it, if it is there.</summary>
    /// <exception cref="BucketStoreException">Io.</exception>
    public static void RemoveDirectory(string path)
    {
        if (Directory.Exists(path))
        {
            Run("remove", path, () => Directory.Delete(path, recursive: true));
        }
    }

    /// <summary>Runs what the runtime does on files, and turns its failure into an error of the store.</summary>
    public static void Run(string call, string path, Action action) => Run<object?>(call, path, () =>
    {
        action();
        return null;
    });

    /// <inheritdoc cref="Run(string, string, Action)"/>
    public static T Run<T>(string call, string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            var fault = failure.HResult switch
            {
                WouldBlock => BucketStoreFault.InUse,
                NoSpace or QuotaExceeded => BucketStoreFault.Full,
                _ => BucketStoreFault.Io,
            };
            throw new BucketStoreException(fault, $"{call} {path}: {failure.Message}", failure);
        }
    }

    /// <summary>fsync of a file or a directory.</summary>
    /// <exception cref="BucketStoreException">With <see cref="BucketStoreFault.Io"/>.</exception>
    public static void Sync(string path)
    {
        var descriptor = open(path, ReadOnlyCloseOnExec);
        if (descriptor < 0)
        {
            throw Failed("open", path);
        }

        var result = fsync(descriptor);
        var failure = result < 0 ? Failed("fsync", path) : null;
        _ = close(descriptor);
        if (failure is not null)
        {
            throw failure;
        }
    }

    /// <summary>LMDB's locks and its map are only sound on a local file system.</summary>
    public static void RequireLocal(string path) => RequireLocal(path, new DriveInfo(Path.GetFullPath(path)).DriveFormat);

    /// <summary>Of a path on a file system of this format.</summary>
    internal static void RequireLocal(string path, string format)
    {
        if (NetworkFormats.Contains(format, StringComparer.OrdinalIgnoreCase))
        {
            throw new BucketStoreException(
                BucketStoreFault.Unavailable, $"{path} is on {format}; the state needs a local file system");
        }
    }

    private static BucketStoreException Failed(string call, string path) =>
        new(BucketStoreFault.Io, $"{call} {path}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);
}
