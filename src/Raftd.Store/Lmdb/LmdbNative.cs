// The C interface of LMDB 0.9 (lmdb.h), as much of it as raftd uses.
//
// Every function with an int result answers 0 or an error: a negative MDB_ code (LmdbErrorKind) or a positive errno.
// Nothing here keeps a managed pointer after it returns. Sizes are size_t, handles are opaque, MDB_val is (size, data)
// and points into the map when LMDB fills it.

using System.Runtime.InteropServices;

namespace Raftd.Store.Lmdb;

/// <summary>MDB_val: a length and where the bytes are.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeValue
{
    public nuint Size;
    public byte* Data;

    public NativeValue(byte* data, int size)
    {
        Size = (nuint)size;
        Data = data;
    }

    public readonly ReadOnlySpan<byte> Span => new(Data, checked((int)Size));
}

/// <summary>MDB_envinfo.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeEnvironmentInfo
{
    public nint MapAddress;
    public nuint MapSize;
    public nuint LastPage;
    public nuint LastTransaction;
    public uint MaxReaders;
    public uint Readers;
}

/// <summary>MDB_stat.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeStatistics
{
    public uint PageSize;
    public uint Depth;
    public nuint BranchPages;
    public nuint LeafPages;
    public nuint OverflowPages;
    public nuint Entries;
}

internal static unsafe partial class LmdbNative
{
    public const string Library = "liblmdb.so.0";

    public const int Success = 0;
    public const int NotFound = -30798;

    // mdb_env_open
    public const uint NoTls = 0x200000;

    public const uint NoLock = 0x400000;

    // mdb_env_open, mdb_txn_begin
    public const uint ReadOnly = 0x20000;

    // mdb_dbi_open
    public const uint Create = 0x40000;

    // mdb_cursor_get
    public const int First = 0;
    public const int Last = 6;
    public const int Next = 8;
    public const int SetRange = 17;

    [LibraryImport(Library)]
    public static partial nint mdb_version(out int major, out int minor, out int patch);

    [LibraryImport(Library)]
    public static partial nint mdb_strerror(int code);

    /// <summary>ENOMEM.</summary>
    [LibraryImport(Library)]
    public static partial int mdb_env_create(out nint environment);

    /// <summary>
    /// MDB_VERSION_MISMATCH, MDB_INVALID (not LMDB's file), ENOENT (no directory), EACCES, EAGAIN (lock). After a failure
    /// the handle must still be closed.
    /// </summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mdb_env_open(LightningEnvironmentHandle environment, string path, uint flags, uint mode);

    [LibraryImport(Library)]
    public static partial void mdb_env_close(nint environment);

    /// <summary>EINVAL when a write transaction is open. Readers are not looked for: their map is gone (LmdbBucketStore).</summary>
    [LibraryImport(Library)]
    public static partial int mdb_env_set_mapsize(LightningEnvironmentHandle environment, nuint size);

    [LibraryImport(Library)]
    public static partial int mdb_env_set_maxreaders(LightningEnvironmentHandle environment, uint readers);

    [LibraryImport(Library)]
    public static partial int mdb_env_set_maxdbs(LightningEnvironmentHandle environment, uint databases);

    [LibraryImport(Library)]
    public static partial int mdb_env_info(LightningEnvironmentHandle environment, out NativeEnvironmentInfo info);

    [LibraryImport(Library)]
    public static partial int mdb_env_stat(LightningEnvironmentHandle environment, out NativeStatistics statistics);

    /// <summary>Frees the slots of processes that died.</summary>
    [LibraryImport(Library)]
    public static partial int mdb_reader_check(LightningEnvironmentHandle environment, out int dead);

    /// <summary>MDB_PANIC, MDB_MAP_RESIZED (another process grew the map), MDB_READERS_FULL, ENOMEM.</summary>
    [LibraryImport(Library)]
    public static partial int mdb_txn_begin(
        LightningEnvironmentHandle environment, nint parent, uint flags, out nint transaction);

    /// <summary>EINVAL, ENOSPC, EIO, ENOMEM, MDB_MAP_FULL. The transaction is gone even after an error.</summary>
    [LibraryImport(Library)]
    public static partial int mdb_txn_commit(nint transaction);

    [LibraryImport(Library)]
    public static partial void mdb_txn_abort(nint transaction);

    /// <summary>Lets go of the snapshot and keeps the reader's slot.</summary>
    [LibraryImport(Library)]
    public static partial void mdb_txn_reset(LightningTransaction transaction);

    /// <summary>MDB_PANIC, EINVAL.</summary>
    [LibraryImport(Library)]
    public static partial int mdb_txn_renew(LightningTransaction transaction);

    /// <summary>MDB_NOTFOUND (without Create), MDB_DBS_FULL.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mdb_dbi_open(
        LightningTransaction transaction, string name, uint flags, out uint database);

    [LibraryImport(Library)]
    public static partial int mdb_stat(
        LightningTransaction transaction, uint database, out NativeStatistics statistics);

    /// <summary>MDB_NOTFOUND, MDB_BAD_VALSIZE (empty key), MDB_BAD_TXN, MDB_CORRUPTED.</summary>
    [LibraryImport(Library)]
    public static partial int mdb_get(
        LightningTransaction transaction, uint database, NativeValue* key, NativeValue* value);

    /// <summary>MDB_MAP_FULL, MDB_TXN_FULL, MDB_BAD_VALSIZE (key of 0 or over 511 bytes), EACCES (a reader).</summary>
    [LibraryImport(Library)]
    public static partial int mdb_put(
        LightningTransaction transaction, uint database, NativeValue* key, NativeValue* value, uint flags);

    /// <summary>MDB_NOTFOUND, EACCES (a reader), MDB_MAP_FULL, MDB_TXN_FULL (pages above are copied).</summary>
    [LibraryImport(Library)]
    public static partial int mdb_del(
        LightningTransaction transaction, uint database, NativeValue* key, NativeValue* value);

    [LibraryImport(Library)]
    public static partial int mdb_cursor_open(LightningTransaction transaction, uint database, out nint cursor);

    [LibraryImport(Library)]
    public static partial void mdb_cursor_close(nint cursor);

    /// <summary>MDB_NOTFOUND at the end, MDB_CORRUPTED, MDB_BAD_TXN.</summary>
    [LibraryImport(Library)]
    public static partial int mdb_cursor_get(nint cursor, NativeValue* key, NativeValue* value, int operation);
}
