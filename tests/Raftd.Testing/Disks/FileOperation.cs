namespace Raftd.Testing.Disks;

public enum FileOperationKind
{
    Open,
    Create,
    Read,
    Write,
    Preallocate,
    SetLength,
    SyncData,
    Sync,
    Delete,
    Rename,
    CreateDirectory,
    SyncDirectory,
    List,
}

/// <summary>One call to the file system, as a test sees it just before it happens.</summary>
/// <param name="Number">Counts the calls from 1.</param>
/// <param name="Kind">What is called.</param>
/// <param name="Path">The file or directory; "from to" of a rename has the new name in <paramref name="To"/>.</param>
/// <param name="To">The new name of a rename, else empty.</param>
/// <param name="Offset">Of a read or a write.</param>
/// <param name="Length">Bytes of a read or a write; the new length for Preallocate and SetLength.</param>
public readonly record struct FileOperation(
    int Number, FileOperationKind Kind, string Path, string To = "", long Offset = 0, long Length = 0)
{
    /// <summary>Opening and reading leave the disk as it was.</summary>
    public bool Changes => Kind is not (FileOperationKind.Open or FileOperationKind.Read or FileOperationKind.List);

    public override string ToString() => Kind switch
    {
        FileOperationKind.Read or FileOperationKind.Write => $"{Word} {Path} [{Offset}, {Offset + Length})",
        FileOperationKind.Preallocate or FileOperationKind.SetLength => $"{Word} {Path} {Length}",
        FileOperationKind.Rename => $"{Word} {Path} to {To}",
        _ => $"{Word} {Path}",
    };

    private string Word => Kind switch
    {
        FileOperationKind.SetLength => "truncate",
        FileOperationKind.SyncData => "fdatasync",
        FileOperationKind.Sync => "fsync",
        FileOperationKind.CreateDirectory => "mkdir",
        FileOperationKind.SyncDirectory => "fsync-directory",
        _ => Kind.ToString().ToLowerInvariant(),
    };
}

/// <summary>The machine stops here. Thrown by the file system, caught by the test alone.</summary>
public sealed class SimulatedCrashException(FileOperation operation) : Exception($"crash at {operation.Number}: {operation}");

/// <summary>What a power loss does to what was not synced.</summary>
public enum CrashLoss
{
    /// <summary>Only the process died: the page cache lives on.</summary>
    Nothing,

    /// <summary>All that was not synced is gone.</summary>
    Everything,

    /// <summary>Each unsynced sector and each unsynced name survives or not, by the seed.</summary>
    Some,
}
