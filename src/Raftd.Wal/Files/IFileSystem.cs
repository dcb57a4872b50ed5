namespace Raftd.Wal;

/// <summary>What the log, the snapshots and member.json ask of a file system; the seam for the simulated disk.</summary>
/// <remarks>
/// <para>
/// Each call is one system call or a loop over one, so that a simulated crash can fall between any two of them. Nothing
/// is durable until it was asked for: data by <see cref="IFile.SyncData"/> or <see cref="IFile.Sync"/>, a name by
/// <see cref="SyncDirectory"/>. A file whose name was never synced may be gone after a power loss, however often its
/// data was synced (hashicorp/consul #3362).
/// </para>
/// <para>Every failure is a <see cref="StorageIoException"/> with the errno. Implementations may be called by any thread.</para>
/// </remarks>
public interface IFileSystem
{
    IFile Open(string path, FileOpenMode mode, bool writable = true);

    /// <summary>True when a file or a directory has this name.</summary>
    bool Exists(string path);

    void Delete(string path);

    /// <summary>Atomic; replaces what bears the name <paramref name="to"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Creates one directory with mode 0700; a directory that exists already is no error.</summary>
    void CreateDirectory(string path);

    /// <summary>Makes creations, renames and deletions in the directory durable.</summary>
    void SyncDirectory(string path);

    /// <summary>The names of the files (not of the directories) in <paramref name="directory"/>, in ordinal order.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>Bytes that this user may still allocate on the disk of the directory, as of now: another may take them.</summary>
    long AvailableBytes(string directory);
}

public enum FileOpenMode
{
    OpenExisting,
    CreateNew,
    OpenOrCreate,
}
