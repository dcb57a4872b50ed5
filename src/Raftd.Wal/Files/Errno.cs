namespace Raftd.Wal;

/// <summary>The error numbers of Linux that have an answer of their own; the same on x86-64 and arm64.</summary>
public static class Errno
{
    public const int NotFound = 2;
    public const int Interrupted = 4;
    public const int Io = 5;
    public const int WouldBlock = 11;
    public const int AccessDenied = 13;
    public const int Exists = 17;
    public const int Invalid = 22;
    public const int TooManyFiles = 24;
    public const int NoSpace = 28;
    public const int ReadOnly = 30;
    public const int NotSupported = 95;
    public const int QuotaExceeded = 122;

    /// <summary>The name, the number, and the next step for the operator.</summary>
    public static string Describe(int errno) => errno switch
    {
        NotFound => "no such file or directory (ENOENT)",
        Interrupted => "interrupted by a signal (EINTR)",
        Io => "input/output error (EIO): the disk failed; check the kernel log and replace the disk or the member",
        AccessDenied => "permission denied (EACCES): the directory must belong to the user that runs raftd",
        Exists => "file exists (EEXIST)",
        Invalid => "invalid argument (EINVAL): the file system does not support this operation",
        TooManyFiles => "too many open files (EMFILE): raise the limit of open files (ulimit -n)",
        NoSpace => "no space left on device (ENOSPC): free space on that disk",
        ReadOnly => "read-only file system (EROFS): remount it writable; it may have been remounted after a disk error",
        QuotaExceeded => "disk quota exceeded (EDQUOT): raise the quota of the user that runs raftd",
        _ => $"errno {errno}",
    };
}
