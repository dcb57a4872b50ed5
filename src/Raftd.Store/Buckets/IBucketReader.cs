namespace Raftd.Store.Buckets;

/// <summary>The state as of one moment. Used by one thread at a time; spans from it are valid until it is disposed.</summary>
public interface IBucketReader : IDisposable
{
    /// <summary>
    /// True while the store waits for its readers to end, in order to grow or to close. A long reader looks at it
    /// between steps, ends, and begins anew: new readers wait until the store has done what it must.
    /// </summary>
    bool MustYield { get; }

    /// <summary>Looks one key up. The span is valid until this reader is disposed; empty when not found.</summary>
    bool TryGet(Bucket bucket, scoped ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);

    /// <summary>Pairs of the bucket at this moment. Takes constant time.</summary>
    long Count(Bucket bucket);

    /// <summary>A cursor that stands nowhere yet: seek first. It ends with this reader at the latest.</summary>
    IBucketCursor OpenCursor(Bucket bucket);
}
