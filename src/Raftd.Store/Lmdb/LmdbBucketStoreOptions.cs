using Raftd.Store.Buckets;

namespace Raftd.Store.Lmdb;

/// <summary>How the LMDB store is opened. All of it is per process; members need not agree.</summary>
public sealed record LmdbBucketStoreOptions
{
    /// <summary>Address space of a state whose size is not known.</summary>
    public const long UsualMapSizeBytes = 1L << 30;

    private const long LeastMapSizeBytes = 1L << 20;

    /// <summary>
    /// Address space to begin with, in bytes; 1 GiB unless set, at least 1 MiB. It costs nothing until it is written. A
    /// file that is larger than half of it begins with more.
    /// </summary>
    public long InitialMapSizeBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, LeastMapSizeBytes);
            field = value;
        }
    } = UsualMapSizeBytes;

    /// <summary>
    /// The most that the map is grown to; 1 TiB unless set. Beyond it a write fails with
    /// <see cref="BucketStoreFault.Full"/>. It guards the address space: the quota is another and smaller number.
    /// </summary>
    public long MaxMapSizeBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, LeastMapSizeBytes);
            field = value;
        }
    } = 1L << 40;

    /// <summary>Readers open at once; 512 unless set, LMDB's own default being 126.</summary>
    public int MaxReaders
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 512;

    /// <summary>How long growing or closing waits for open readers to end; 10 s unless set.</summary>
    public TimeSpan ReaderPatience { get; init; } = TimeSpan.FromSeconds(10);
}
