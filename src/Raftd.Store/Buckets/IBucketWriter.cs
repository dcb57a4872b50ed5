namespace Raftd.Store.Buckets;

/// <summary>The one open write transaction. Lives during one run of the batch, on the thread that runs it.</summary>
public interface IBucketWriter
{
    /// <summary>Sets the pair, replacing a former value. Keys of 1 to 511 bytes; values may be empty.</summary>
    void Put(Bucket bucket, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Removes the pair; false if there was none.</summary>
    bool Delete(Bucket bucket, ReadOnlySpan<byte> key);

    /// <summary>
    /// Removes up to <paramref name="maxPairs"/> pairs of [low, high) from the low end; an empty high means no end.
    /// Returns how many: fewer than maxPairs means that the range is empty now. Callers bound a step with it.
    /// </summary>
    int DeleteRange(Bucket bucket, ReadOnlySpan<byte> low, ReadOnlySpan<byte> high, int maxPairs);

    /// <summary>Sees what this batch has done so far. The span is valid until the next Put or Delete.</summary>
    bool TryGet(Bucket bucket, scoped ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);

    /// <summary>A walk over the bucket as this batch has made it; a Put or Delete makes it stand nowhere.</summary>
    IBucketCursor OpenCursor(Bucket bucket);
}
