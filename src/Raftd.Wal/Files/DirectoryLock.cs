using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Raftd.Wal;

/// <summary>One process at a time in a data directory: flock on the file LOCK, held until disposed or the process ends.</summary>
/// <remarks>
/// The kernel drops the lock with the process, also after kill -9, so a stale LOCK file never keeps a member from
/// starting. The pid inside is for the message alone. On NFS flock may be local to one machine: a data directory belongs
/// on a local disk.
/// </remarks>
public sealed class DirectoryLock : IDisposable
{
    public const string FileName = "LOCK";

    private readonly PosixFile _file;

    private DirectoryLock(PosixFile file) => _file = file;

    /// <summary>Takes the lock or throws <see cref="DirectoryLockedException"/>; the directory must exist.</summary>
    public static DirectoryLock Acquire(string directory)
    {
        var path = Path.Combine(directory, FileName);
        var handle = Posix.OpenOrThrow(path, Posix.ReadWrite | Posix.Create, "open");
        var file = new PosixFile(handle, path);
        try
        {
            Take(handle, file, directory);
            NoteHolder(file);
            return new DirectoryLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Takes the lock for one who only reads: nothing in the directory is made or changed.</summary>
    /// <returns>Null where no member ever had the directory: there is no file to lock.</returns>
    /// <exception cref="DirectoryLockedException">A member has it.</exception>
    public static DirectoryLock? AcquireForReading(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        var handle = Posix.OpenOrThrow(path, Posix.ReadOnly, "open");
        var file = new PosixFile(handle, path);
        try
        {
            Take(handle, file, directory);
            return new DirectoryLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    private static void Take(SafeFileHandle handle, PosixFile file, string directory)
    {
        if (Posix.Lock(handle, Posix.LockExclusiveNonBlocking) < 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            throw errno == Errno.WouldBlock
                ? new DirectoryLockedException(directory, ReadHolder(file))
                : new StorageIoException("lock", directory, errno);
        }
    }

    private static void NoteHolder(PosixFile file)
    {
        try
        {
            file.SetLength(0);
            file.Write(0, Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
        }
        catch (StorageIoException e) when (e.IsDiskFull)
        {
            // The pid only makes a message better; a full disk must not keep a member from starting.
        }
    }

    private static int? ReadHolder(PosixFile file)
    {
        Span<byte> text = stackalloc byte[16];
        var length = file.Read(0, text);
        return int.TryParse(Encoding.ASCII.GetString(text[..length]).Trim(), out var pid) ? pid : null;
    }
}

/// <summary>Another process, or another part of this one, works in the directory.</summary>
/// <param name="directory">Which.</param>
/// <param name="holder">Its pid, or null when it could not be read.</param>
public sealed class DirectoryLockedException(string directory, int? holder) : IOException(
    $"{directory} is in use by {(holder is null ? "another process" : $"process {holder}")}; " +
    "two members cannot share a data directory: stop the other one or give this one its own");
