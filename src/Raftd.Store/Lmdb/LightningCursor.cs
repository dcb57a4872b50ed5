using System.Diagnostics.CodeAnalysis;

namespace Raftd.Store.Lmdb;

/// <summary>An ordered walk over one database. Spans are valid until the transaction ends or changes something.</summary>
public readonly ref struct LightningCursor
{
    private readonly LmdbCursor _cursor;

    internal LightningCursor(LmdbCursor cursor) => _cursor = cursor;

    [UnscopedRef]
    public ReadOnlySpan<byte> Key => _cursor.Key;

    [UnscopedRef]
    public ReadOnlySpan<byte> Value => _cursor.Value;

    public bool First() => _cursor.Seek(default);

    public bool Last() => _cursor.SeekLast();

    /// <summary>The first pair at or after the key.</summary>
    public bool SetRange(scoped ReadOnlySpan<byte> key) => _cursor.Seek(key);

    public bool Next() => _cursor.MoveNext();

    public void Dispose() => _cursor.Dispose();
}
