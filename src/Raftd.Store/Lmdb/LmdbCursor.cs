using Raftd.Store.Buckets;

namespace Raftd.Store.Lmdb;

/// <summary>MDB_cursor with the pair it stands on: the cursor of the buckets.</summary>
/// <remarks>
/// LMDB frees the cursors of a write transaction when that ends and leaves those of a reader to us, so Dispose asks
/// which of the two it is.
/// </remarks>
internal sealed unsafe class LmdbCursor : IBucketCursor
{
    private readonly LightningTransaction _transaction;
    private nint _cursor;
    private NativeValue _key;
    private NativeValue _value;

    public LmdbCursor(LightningTransaction transaction, LightningDatabase database)
    {
        _transaction = transaction;
        LmdbException.ThrowIfFailed(
            LmdbNative.mdb_cursor_open(transaction, database.Handle, out _cursor), "open a cursor");
    }

    public bool IsClosed => _cursor == 0;

    /// <summary>Whether there is a pair under the cursor; without one Key and Value are empty.</summary>
    public bool IsOnPair { get; private set; }

    public ReadOnlySpan<byte> Key => IsOnPair ? _key.Span : default;

    public ReadOnlySpan<byte> Value => IsOnPair ? _value.Span : default;

    public bool Seek(scoped ReadOnlySpan<byte> key)
    {
        if (key.IsEmpty)
        {
            return Move(LmdbNative.First);
        }

        fixed (byte* keyBytes = key)
        {
            _key = new NativeValue(keyBytes, key.Length);
            return Move(LmdbNative.SetRange);
        }
    }

    public bool SeekLast() => Move(LmdbNative.Last);

    public bool MoveNext()
    {
        Invariant.Check(IsOnPair, "a cursor that stands nowhere was moved on; seek first");
        return Move(LmdbNative.Next);
    }

    /// <summary>The transaction has changed under the cursor: what it points to may be gone.</summary>
    public void Forget() => IsOnPair = false;

    public void Dispose()
    {
        var cursor = _cursor;
        _cursor = 0;
        IsOnPair = false;
        if (cursor != 0 && (_transaction.IsReadOnly || !_transaction.IsClosed))
        {
            LmdbNative.mdb_cursor_close(cursor);
        }
    }

    private bool Move(int operation)
    {
        ObjectDisposedException.ThrowIf(IsClosed || _transaction.IsClosed, this);
        int code;
        fixed (NativeValue* key = &_key)
        fixed (NativeValue* value = &_value)
        {
            code = LmdbNative.mdb_cursor_get(_cursor, key, value, operation);
        }

        IsOnPair = code == LmdbNative.Success;
        if (!IsOnPair && code != LmdbNative.NotFound)
        {
            LmdbException.Throw(code, "move a cursor");
        }

        return IsOnPair;
    }
}
