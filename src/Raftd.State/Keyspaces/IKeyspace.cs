namespace Raftd.State.Keyspaces;

/// <summary>The keys as the command that is being executed sees and changes them. One thread.</summary>
/// <remarks>
/// The embedded engine implements it over its index, its overlay and LMDB; an engine over SQL over the rows that it has
/// fetched. Each change joins the hash chain as RevisionRecord.AddTo has it, so all engines chain alike.
/// </remarks>
public interface IKeyspace : IKeyReads
{
    /// <summary>The lowest revision that can be read; 0 before the first compaction.</summary>
    long CompactRevision { get; }

    /// <summary>Logical bytes of all that the compact revision leaves, leases included.</summary>
    long LogicalBytes { get; }

    /// <summary>How many keys of [key, rangeEnd) live.</summary>
    long CountLive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> rangeEnd);

    /// <summary>Sets a key to a value whose arrays the keyspace keeps.</summary>
    RevisionRecord Put(byte[] key, byte[] value, long lease, KeyFlags flags);

    /// <summary>Deletes a key that this keyspace has answered.</summary>
    void Delete(ILiveKey live);

    /// <summary>Deletes all live keys of a range in one stroke, where this keyspace has one for so many.</summary>
    /// <returns>How many; null where they are to be deleted one by one, and nothing was done.</returns>
    long? DeleteAll(KeyRange range) => null;

    /// <summary>Ends the main revision that is open, if one is: the next change opens another.</summary>
    void Close();

    /// <summary>Makes everything below the revision unreadable. The revision was checked against the bounds.</summary>
    void Compact(long revision);

    /// <summary>Counts bytes that are not records of the keyspace (leases) into the logical bytes.</summary>
    void Count(long bytes);
}
