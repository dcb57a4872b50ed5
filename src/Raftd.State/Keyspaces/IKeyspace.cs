using Raftd.Contract;

namespace Raftd.State.Keyspaces;

/// <summary>The keys as the command that is being executed sees and changes them. One thread.</summary>
/// <remarks>
/// The embedded engine implements it over its index, its overlay and LMDB; an engine over SQL over the rows that it has
/// fetched. Each change joins the hash chain as RevisionRecord.AddTo has it, so all engines chain alike.
/// </remarks>
public interface IKeyspace
{
    /// <summary>The newest main revision; 1 for a fresh store.</summary>
    long Revision { get; }

    /// <summary>The lowest revision that can be read; 0 before the first compaction.</summary>
    long CompactRevision { get; }

    /// <summary>Logical bytes of all that the compact revision leaves, leases included.</summary>
    long LogicalBytes { get; }

    ILiveKey? FindLive(ReadOnlySpan<byte> key);

    /// <summary>How many keys of [key, rangeEnd) live.</summary>
    long CountLive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> rangeEnd);

    /// <summary>The first live keys of the range from a key on, at most so many.</summary>
    IReadOnlyList<ILiveKey> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, int max);

    /// <summary>The range as it is now, with all that the command has changed so far, or at an earlier revision.</summary>
    /// <exception cref="StoreException">Compacted, FutureRevision or BadRequest, as of any read.</exception>
    RangeResponse Range(RangeRequest request);

    /// <summary>The value of a key that this keyspace has answered. Not to be changed.</summary>
    byte[] ValueOf(ILiveKey live);

    /// <summary>Sets a key to a value whose arrays the keyspace keeps.</summary>
    RevisionRecord Put(byte[] key, byte[] value, long lease, KeyFlags flags);

    /// <summary>Deletes a key that this keyspace has answered.</summary>
    void Delete(ILiveKey live);

    /// <summary>Ends the main revision that is open, if one is: the next change opens another.</summary>
    void Close();

    /// <summary>Makes everything below the revision unreadable. The revision was checked against the bounds.</summary>
    void Compact(long revision);

    /// <summary>Counts bytes that are not records of the keyspace (leases) into the logical bytes.</summary>
    void Count(long bytes);
}
