namespace Raftd.Contract;

/// <summary>Answers that may be longer than memory: each call is one bounded step through them, and holds nothing between two
/// calls.</summary>
/// <remarks>Asked of one member: a step goes on where that member's last one has ended.</remarks>
public interface IListService
{
    /// <summary>The next keys of a range, as of one revision.</summary>
    /// <exception cref="StoreException">Compacted, also between two steps. FutureRevision.</exception>
    ValueTask<KeyPage> KeysAsync(Caller caller, KeyPageRequest request, CancellationToken cancellationToken);

    /// <summary>The next older versions of a key. A compaction between two steps makes the history end earlier.</summary>
    ValueTask<VersionPage> VersionsAsync(Caller caller, VersionPageRequest request, CancellationToken cancellationToken);
}
