namespace Raftd.Store.Buckets;

/// <summary>An ordered walk over one bucket; no allocation per pair.</summary>
/// <remarks>
/// Key and Value are valid after a call that returned true, until the reader is disposed; in a writer, until the cursor
/// is moved or the writer changes anything. After a change a writer's cursor stands nowhere and must seek again.
/// </remarks>
public interface IBucketCursor : IDisposable
{
    ReadOnlySpan<byte> Key { get; }

    ReadOnlySpan<byte> Value { get; }

    /// <summary>Moves to the first pair whose key is not below this one; an empty key means the first pair of all.</summary>
    bool Seek(scoped ReadOnlySpan<byte> key);

    /// <summary>Moves to the last pair of the bucket.</summary>
    bool SeekLast();

    /// <summary>Moves to the next pair. False at the end, where the cursor then stands nowhere.</summary>
    bool MoveNext();
}
