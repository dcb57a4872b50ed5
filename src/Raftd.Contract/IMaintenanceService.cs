namespace Raftd.Contract;

/// <summary>What operators ask of one member. It answers for itself, from what it has applied, and asks no other.</summary>
/// <remarks>These calls work through the whole state, so they have no time limit of the server's: the caller ends them. Each is
/// bounded in how many run side by side; beyond that it is refused with TooManyRequests.</remarks>
public interface IMaintenanceService
{
    /// <summary>Hashes the history of all keys up to a revision, from the compact revision on. Members that have applied the
    /// same have the same hash, whatever lies on their disks. A fenced member answers too: this is how it is compared.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="revision">0 or below for the newest.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="StoreException">Compacted: below the compact revision. FutureRevision: above the newest.
    /// TooManyRequests: too many ask, or compactions overtook the work again and again.</exception>
    ValueTask<HistoryHashResponse> HashHistoryAsync(Caller caller, long revision, CancellationToken cancellationToken);

    /// <summary>Hashes everything that this member has on its disk. Members differ in it while one has flushed or deleted more
    /// than another.</summary>
    /// <exception cref="StoreException">TooManyRequests: too many ask, or the store has no room for its reader now.</exception>
    ValueTask<StoredHashResponse> HashStoredAsync(Caller caller, CancellationToken cancellationToken);
}

public sealed record HistoryHashResponse
{
    /// <summary>The newest revision when the work ended.</summary>
    public required long Revision { get; init; }

    /// <summary>The last revision that the hash covers.</summary>
    public required long HashedRevision { get; init; }

    /// <summary>Where the history begins that the hash covers; 0 before the first compaction. Hashes are comparable where this
    /// and HashedRevision are equal.</summary>
    public required long CompactRevision { get; init; }

    public required ulong Hash { get; init; }
}

public sealed record StoredHashResponse
{
    /// <summary>The newest revision when the work ended; the disk may lag behind it.</summary>
    public required long Revision { get; init; }

    public required ulong Hash { get; init; }
}
