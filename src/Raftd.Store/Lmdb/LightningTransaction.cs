using System.Runtime.InteropServices;

namespace Raftd.Store.Lmdb;

/// <summary>MDB_txn. Releasing it aborts; a forgotten reader is given back by its finalizer (NOTLS: on any thread).</summary>
/// <remarks>
/// A get answers a span into the map, without a copy: valid until the transaction ends or changes something.
/// A write transaction must end on the thread that began it, LMDB's write lock being a thread's mutex: its users end it
/// in a finally, never by the finalizer.
/// </remarks>
internal sealed unsafe class LightningTransaction : SafeHandle
{
    private readonly LightningEnvironmentHandle _environment;

    private LightningTransaction(LightningEnvironmentHandle environment, nint transaction, bool isReadOnly)
        : base(0, ownsHandle: true)
    {
        _environment = environment;
        IsReadOnly = isReadOnly;
        SetHandle(transaction);
    }

    public bool IsReadOnly { get; }

    public override bool IsInvalid => handle == 0;

    public static LightningTransaction Begin(LightningEnvironmentHandle environment, bool isReadOnly)
    {
        var referenced = false;
        environment.DangerousAddRef(ref referenced);
        var code = LmdbNative.mdb_txn_begin(
            environment, parent: 0, isReadOnly ? LmdbNative.ReadOnly : 0, out var transaction);
        if (code != LmdbNative.Success)
        {
            environment.DangerousRelease();
            LmdbException.Throw(code, "begin a transaction");
        }

        return new LightningTransaction(environment, transaction, isReadOnly);
    }

    /// <summary>Opens a named database, or makes it if it is not there and this transaction may write; its number is valid once
    /// this has committed.</summary>
    public LightningDatabase OpenDatabase(string name)
    {
        var code = LmdbNative.mdb_dbi_open(this, name, IsReadOnly ? 0 : LmdbNative.Create, out var database);
        LmdbException.ThrowIfFailed(code, $"open the database {name}");
        return new LightningDatabase(database);
    }

    /// <summary>Synced when it returns. Ends the transaction, also where it throws.</summary>
    public void Commit()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        var transaction = handle;
        SetHandleAsInvalid();
        var code = LmdbNative.mdb_txn_commit(transaction);
        _environment.DangerousRelease();
        LmdbException.ThrowIfFailed(code, "commit");
    }

    public void Reset() => LmdbNative.mdb_txn_reset(this);

    public void Renew() => LmdbException.ThrowIfFailed(LmdbNative.mdb_txn_renew(this), "renew a reader");

    public NativeStatistics Statistics(LightningDatabase database)
    {
        LmdbException.ThrowIfFailed(LmdbNative.mdb_stat(this, database.Handle, out var statistics), "statistics");
        return statistics;
    }

    public bool TryGet(LightningDatabase database, scoped ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        fixed (byte* keyBytes = key)
        {
            var keyValue = new NativeValue(keyBytes, key.Length);
            NativeValue found;
            var code = LmdbNative.mdb_get(this, database.Handle, &keyValue, &found);
            if (code == LmdbNative.Success)
            {
                value = found.Span;
                return true;
            }

            value = default;
            return code == LmdbNative.NotFound ? false : Failed(code, "get");
        }
    }

    public void Put(LightningDatabase database, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        fixed (byte* keyBytes = key)
        fixed (byte* valueBytes = value)
        {
            var keyValue = new NativeValue(keyBytes, key.Length);
            var valueValue = new NativeValue(valueBytes, value.Length);
            LmdbException.ThrowIfFailed(
                LmdbNative.mdb_put(this, database.Handle, &keyValue, &valueValue, flags: 0), "put");
        }
    }

    public bool Delete(LightningDatabase database, ReadOnlySpan<byte> key)
    {
        fixed (byte* keyBytes = key)
        {
            var keyValue = new NativeValue(keyBytes, key.Length);
            var code = LmdbNative.mdb_del(this, database.Handle, &keyValue, null);
            return code == LmdbNative.Success || (code != LmdbNative.NotFound && Failed(code, "delete"));
        }
    }

    protected override bool ReleaseHandle()
    {
        LmdbNative.mdb_txn_abort(handle);
        _environment.DangerousRelease();
        return true;
    }

    private static bool Failed(int code, string operation)
    {
        LmdbException.Throw(code, operation);
        return false;
    }
}
