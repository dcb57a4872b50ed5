using System.Diagnostics.CodeAnalysis;

namespace Raftd.Store.Lmdb;

/// <summary>A transaction, on the stack: it crosses no await and enters no field, and its spans stay with it.</summary>
/// <remarks>
/// A get answers a span into the map, without a copy. [UnscopedRef] ties that span to the variable that holds the
/// transaction, so the compiler refuses to return it from the method. What it does not see is a use after Commit or
/// Dispose within the method: that would read pages that are used again.
/// Not committed is aborted. A write transaction stays on its thread.
/// </remarks>
public readonly ref struct LightningTransaction
{
    private readonly LightningTransactionHandle _handle;

    internal LightningTransaction(LightningTransactionHandle handle) => _handle = handle;

    /// <summary>Opens a named database; making one needs a write transaction.</summary>
    public LightningDatabase OpenDatabase(string name, bool create = false)
    {
        var code = LmdbNative.mdb_dbi_open(_handle, name, create ? LmdbNative.Create : 0, out var database);
        LmdbException.ThrowIfFailed(code, $"open the database {name}");
        return new LightningDatabase(database);
    }

    [UnscopedRef]
    public bool TryGet(LightningDatabase database, scoped ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) =>
        _handle.TryGet(database, key, out value);

    public void Put(LightningDatabase database, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        _handle.Put(database, key, value);

    public bool Delete(LightningDatabase database, ReadOnlySpan<byte> key) => _handle.Delete(database, key);

    public LightningCursor CreateCursor(LightningDatabase database) => new(new LmdbCursor(_handle, database));

    public long GetEntriesCount(LightningDatabase database) => (long)_handle.Statistics(database).Entries;

    /// <summary>Synced when it returns. The transaction has ended even if this throws.</summary>
    public void Commit() => _handle.Commit();

    public void Abort() => _handle.Dispose();

    public void Dispose() => _handle.Dispose();
}
