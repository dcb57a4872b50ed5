namespace Raftd.Wal;

/// <summary>A file operation failed; carries what, where, the errno, and what the operator can do about it.</summary>
/// <remarks>
/// After a failed sync the kernel may have dropped the dirty pages and marked them clean, so that a second sync succeeds
/// with the data lost (PostgreSQL's "fsyncgate"). A caller that catches this from a sync must never sync that file again.
/// </remarks>
public sealed class StorageIoException(string operation, string path, int errno)
    : IOException($"{operation} {path}: {Errno.Describe(errno)}")
{
    public string Path { get; } = path;

    /// <summary>The errno of Linux.</summary>
    public int ErrorNumber { get; } = errno;

    /// <summary>ENOSPC or EDQUOT: the one failure that time and an operator can heal without a restart.</summary>
    public bool IsDiskFull => ErrorNumber is Errno.NoSpace or Errno.QuotaExceeded;
}
