using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Raftd.Wal;

/// <summary>The system calls of the log. Each returns -1 on failure and leaves errno behind.</summary>
/// <remarks>
/// Why not FileStream and RandomAccess: Flush(true) has skipped the first fsync (dotnet/runtime #99445) and hides some
/// errors (corefx #10104), there is no fdatasync and no directory fsync, gather writes have lost data on a short write
/// (#109646), and their exceptions do not always carry the errno. With the calls themselves there is one rule.
/// </remarks>
internal static partial class Posix
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int CloseOnExec = 0x80000;
    public const int LockExclusiveNonBlocking = 2 | 4;

    /// <summary>-rw------- for files.</summary>
    public const uint OwnerReadWrite = 0x180;

    /// <summary>drwx------ for directories.</summary>
    public const uint OwnerAll = 0x1C0;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static unsafe partial nint Read(SafeFileHandle file, byte* buffer, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    public static unsafe partial nint Write(SafeFileHandle file, byte* buffer, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(SafeFileHandle file, long length);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int SyncData(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectory(string path, uint mode);

    /// <summary>Opens, repeating when a signal interrupts; throws the typed error.</summary>
    public static SafeFileHandle OpenOrThrow(string path, int flags, string operation)
    {
        while (true)
        {
            var descriptor = Open(path, flags | CloseOnExec, OwnerReadWrite);
            if (descriptor >= 0)
            {
                return new SafeFileHandle(descriptor, ownsHandle: true);
            }

            var errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.Interrupted)
            {
                throw new StorageIoException(operation, path, errno);
            }
        }
    }

    /// <summary>Throws unless <paramref name="result"/> says success. Nothing is repeated: right for every kind of sync.</summary>
    public static void Check(int result, string operation, string path)
    {
        if (result < 0)
        {
            throw new StorageIoException(operation, path, Marshal.GetLastPInvokeError());
        }
    }
}
