namespace Raftd.Contract;

/// <summary>What operators ask of one member. It answers for itself, from what it has applied, and asks no other.</summary>
/// <remarks>These calls work through the whole state, so they have no time limit of the server's: the caller ends them. Each is
/// bounded in how many run side by side; beyond that it is refused with TooManyRequests.</remarks>
public interface IMaintenanceService
{
    /// <summary>Hashes the history of all keys up to a revision, from the compact revision on. Members that have applied the
    /// same have the same hash, however much of it they have flushed. A fenced member answers too: this is how it is compared.</summary>
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

    /// <summary>Makes a copy of this member's state as of now or a moment later, from which a cluster can be restored. The state is
    /// copied to a file first, so however slowly it is read, nothing waits for its reader.</summary>
    /// <returns>Disposed by the caller.</returns>
    /// <exception cref="StoreException">NoSpace: the disk has no room for the copy. NotReady: the member is fenced or stops, or the
    /// copy failed. TooManyRequests: as many are open as may be.</exception>
    ValueTask<IBackup> OpenBackupAsync(Caller caller, CancellationToken cancellationToken);

    /// <summary>Rewrites this member's stored state without the room that deletions left in its file. Reads and writes go on.</summary>
    /// <remarks>A caller that gives up does not end it.</remarks>
    /// <exception cref="StoreException">NoSpace: the disk has no room for a second file. TooManyRequests: one is under way.
    /// NotReady: it failed or was ended, and the state is as it was.</exception>
    ValueTask DefragmentAsync(Caller caller, CancellationToken cancellationToken);
}

/// <summary>A copy of the state of one moment, read from its beginning to its end by one thread at a time.</summary>
public interface IBackup : IDisposable
{
    /// <summary>Of all of it.</summary>
    long Bytes { get; }

    /// <summary>The member needs what the copy holds: the next Read fails.</summary>
    CancellationToken Revoked { get; }

    /// <summary>The next piece, some hundred KiB or one large value; empty at the end. Good until the next call.</summary>
    /// <exception cref="StoreException">TooManyRequests: it was revoked. NotReady: the file failed. Ask for another one.</exception>
    ReadOnlyMemory<byte> Read();
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
