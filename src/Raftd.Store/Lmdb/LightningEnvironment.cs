// The environment: one directory with data.mdb and LMDB's lock.mdb, mapped into memory for reading.
//
// Flags, and those that are left out on purpose:
//   MDB_NOTLS       a reader belongs to its object, not to the thread, so pools and thread pools may carry it
//   MDB_NOSYNC      never: the meta page may reach the disk before its data pages, and after a power loss there is no
//                   database at all (failure 38 of docs/failures.md). Many log entries share one synced commit instead.
//   MDB_NOMETASYNC  never: a commit that answered would not be one
//   MDB_WRITEMAP    never: a stray write goes straight into the state, pages reach the disk in any order, and a full
//                   disk is a SIGBUS that kills the process instead of ENOSPC (failure 39 of docs/failures.md)
//   MDB_MAPASYNC    never, as it only speaks to WRITEMAP
//   MDB_NORDAHEAD   not set: at start one pass reads all revisions in order, where read-ahead helps, and the default
//                   quota is about what memory holds.
//   MDB_NOMEMINIT   not set: pages would carry bytes of the heap to the disk and into backups
// NOSUBDIR is left out too: the directory is ours and has mode 0700, the files have 0600.

namespace Raftd.Store.Lmdb;

/// <summary>What an environment is opened with.</summary>
internal sealed record EnvironmentConfiguration
{
    /// <summary>Bytes of address space, and the most the file can become. A larger file makes it larger.</summary>
    public required long MapSizeBytes { get; init; }

    /// <summary>Reader slots, fixed when the lock file is made.</summary>
    public required int MaxReaders { get; init; }

    public required int MaxDatabases { get; init; }

    /// <summary>Makes and changes no file, and leaves LMDB's locks out: the caller holds a lock that keeps writers away.</summary>
    public bool IsReadOnly { get; init; }
}

/// <summary>Where an environment stands.</summary>
/// <param name="MapSizeBytes">Address space.</param>
/// <param name="LastPage">Number of the last page that was ever used; the file needs (LastPage + 1) pages.</param>
/// <param name="LastTransactionId">The last commit.</param>
/// <param name="PageSizeBytes">4096 as a rule.</param>
internal readonly record struct EnvironmentInfo(
    long MapSizeBytes, long LastPage, long LastTransactionId, int PageSizeBytes);

/// <summary>An open LMDB environment. Never open one directory twice in a process: see StoreLock.</summary>
internal sealed class LightningEnvironment : IDisposable
{
    private const uint FileMode = 0b110_000_000; // 0600

    private readonly LightningEnvironmentHandle _handle;

    /// <summary>Opens or makes the environment in a directory that exists.</summary>
    /// <exception cref="LmdbMissingException">There is no LMDB on the machine.</exception>
    /// <exception cref="LmdbException">The file is not LMDB's, of another version, or cannot be opened.</exception>
    public LightningEnvironment(string path, EnvironmentConfiguration configuration)
    {
        LmdbLibrary.Require();
        LmdbException.ThrowIfFailed(LmdbNative.mdb_env_create(out var environment), "make an environment");
        _handle = new LightningEnvironmentHandle(environment);
        try
        {
            Open(path, configuration);
        }
        catch
        {
            _handle.Dispose();
            throw;
        }
    }

    public EnvironmentInfo Info
    {
        get
        {
            LmdbException.ThrowIfFailed(LmdbNative.mdb_env_info(_handle, out var info), "environment info");
            LmdbException.ThrowIfFailed(LmdbNative.mdb_env_stat(_handle, out var statistics), "environment statistics");
            return new EnvironmentInfo(
                (long)info.MapSize, (long)info.LastPage, (long)info.LastTransaction, (int)statistics.PageSize);
        }
    }

    public LightningTransaction BeginTransaction(bool readOnly = false) => LightningTransaction.Begin(_handle, readOnly);

    /// <summary>
    /// Maps the file anew. The caller makes sure that no transaction is open in this process: LMDB does not look, and a
    /// reader whose map is gone is a crash of the process (failure 40 of docs/failures.md).
    /// </summary>
    public void SetMapSize(long bytes) =>
        LmdbException.ThrowIfFailed(LmdbNative.mdb_env_set_mapsize(_handle, (nuint)bytes), "set the map size");

    public void Dispose() => _handle.Dispose();

    private void Open(string path, EnvironmentConfiguration configuration)
    {
        LmdbException.ThrowIfFailed(
            LmdbNative.mdb_env_set_mapsize(_handle, (nuint)configuration.MapSizeBytes), "set the map size");
        LmdbException.ThrowIfFailed(
            LmdbNative.mdb_env_set_maxreaders(_handle, (uint)configuration.MaxReaders), "set the reader slots");
        LmdbException.ThrowIfFailed(
            LmdbNative.mdb_env_set_maxdbs(_handle, (uint)configuration.MaxDatabases), "set the databases");
        var flags = LmdbNative.NoTls | (configuration.IsReadOnly ? LmdbNative.ReadOnly | LmdbNative.NoLock : 0);
        LmdbException.ThrowIfFailed(LmdbNative.mdb_env_open(_handle, path, flags, FileMode), $"open {path}");

        // The slots of processes that died.
        LmdbException.ThrowIfFailed(LmdbNative.mdb_reader_check(_handle, out _), "check readers");
    }
}
