// The replicated state consists of parts: keys, leases, the configuration of the group, alarms. The duties of a part are here,
// and StateParts lists the parts, so that loading, flushing, showing, sending and auditing the state know none of them by name.
//
// A part has the one bucket that nothing else writes to. Its data lie in the StateCopy while entries change them, in a
// StateView once they are published, and in the bucket once they are flushed; the part is the code that takes them from one
// to the next. The meta bucket is no part: StoredMeta says of which entry all of them are, and goes into each flush.

using Raftd.Store.Buckets;

namespace Raftd.Store;

/// <summary>One part of the replicated state. Has no data of its own.</summary>
internal interface IStatePart
{
    Bucket Bucket { get; }

    /// <summary>Takes what is stored into a new copy of the state. The parts before it in the list are loaded.</summary>
    /// <exception cref="BucketStoreException">Corrupt: what is stored cannot have been written.</exception>
    void Load(IBucketReader reader, StoredMeta meta, StateCopy copy);

    /// <summary>Puts the part into a view that is being made. On the apply thread; nothing is copied.</summary>
    void ShowIn(StateView view, StateCopy copy);

    /// <summary>Takes what has changed since the last call. On the apply thread, between two entries.</summary>
    /// <returns>Writes that into the store, on the flusher's thread; may be called again after a flush that failed.</returns>
    Action<FlushWriter> TakeUnflushed(StateCopy copy);

    /// <summary>Compares what a view shows with itself and with the store. Any thread; long.</summary>
    /// <returns>The first difference, or null.</returns>
    string? Audit(StateAudit audit);

    /// <summary>Whether a stored pair of the bucket is as it was written.</summary>
    /// <exception cref="BucketStoreException">Corrupt: it is not.</exception>
    void Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => StoredChecksum.Open(Bucket, key, value);
}

internal static class StateParts
{
    /// <summary>In the order of loading: leases attach to keys.</summary>
    public static readonly IReadOnlyList<IStatePart> All =
        [new KeyspacePart(), new LeasePart(), new ConfigurationPart(), new AlarmPart()];

    /// <summary>Null for the meta bucket and for buckets that no part has.</summary>
    public static IStatePart? Of(Bucket bucket) => All.FirstOrDefault(part => part.Bucket == bucket);
}
