namespace Raftd.Store.Buckets;

/// <summary>What went wrong, as far as a caller may act on it.</summary>
public enum BucketStoreFault
{
    /// <summary>The request itself is not possible: a key of 0 or more than 511 bytes, a batch with too many changes.</summary>
    BadRequest,

    /// <summary>No room: the disk, the quota or the largest map size. Nothing of the batch was kept; it may be tried again.</summary>
    Full,

    /// <summary>All reader slots are in use. Tried again, it may work.</summary>
    ReadersFull,

    /// <summary>Readers did not end in time for the store to grow or close. Nothing was kept or changed.</summary>
    ReadersOpen,

    /// <summary>Another store object or another process has it open.</summary>
    InUse,

    /// <summary>What is on disk is not what was written. The member needs a snapshot from its peers.</summary>
    Corrupt,

    /// <summary>Reading, writing or syncing failed. After a failed commit every later write fails too.</summary>
    Io,

    /// <summary>The machine lacks something to run the store at all: the library, or a local file system.</summary>
    Unavailable,
}

/// <summary>A store behind the seam could not do what was asked.</summary>
public class BucketStoreException(BucketStoreFault fault, string message, Exception? inner = null)
    : Exception(message, inner)
{
    public BucketStoreFault Fault { get; } = fault;

    public static BucketStoreException Corrupt(string message) => new(BucketStoreFault.Corrupt, message);
}
