// Watching: a session is one client's stream, with any number of watches on it. Each watch brings every change of its range
// from its start revision on, in the order of revisions, each once, and never a part of a revision without the rest of it.

namespace Raftd.Contract;

public sealed record WatchRequest
{
    public required ReadOnlyMemory<byte> Key { get; init; }

    public ReadOnlyMemory<byte> RangeEnd { get; init; }

    /// <summary>The first revision to bring; 0 for those that are still to come.</summary>
    public long StartRevision { get; init; }

    /// <summary>Bring with each change the version that it replaces, where that is still kept.</summary>
    public bool WithPrevious { get; init; }

    public bool WithoutPuts { get; init; }

    public bool WithoutDeletes { get; init; }

    /// <summary>Say now and then how far the watch has come while nothing changes.</summary>
    public bool WithProgress { get; init; }

    /// <summary>The watch's number in its session; null takes the next free one, counted from 0.</summary>
    public long? Id { get; init; }
}

/// <summary>One change of a key.</summary>
/// <param name="Key">The new version; of a deletion only the key and the mod revision.</param>
/// <param name="IsDelete">The key is gone.</param>
/// <param name="Previous">The version before, if it was asked for and is kept.</param>
public sealed record WatchEvent(KeyValue Key, bool IsDelete, KeyValue? Previous);

public enum WatchMessageKind
{
    /// <summary>The watch stands.</summary>
    Created,

    /// <summary>Changes, of whole revisions.</summary>
    Events,

    /// <summary>The watch has brought everything up to Revision.</summary>
    Progress,

    /// <summary>The watch has ended; nothing more comes of it.</summary>
    Canceled,
}

/// <summary>Why a watch ended, or was none.</summary>
public enum WatchEnd
{
    /// <summary>Asked for.</summary>
    Requested,

    /// <summary>What it would have to bring is compacted: CompactRevision is the first that is left.</summary>
    Compacted,

    /// <summary>No key can be in its range.</summary>
    EmptyRange,

    /// <summary>Its number is taken.</summary>
    DuplicateId,

    /// <summary>The caller may not read the range.</summary>
    Denied,

    /// <summary>This member has as many watches as it may have.</summary>
    TooMany,
}

/// <summary>What a session has to say next.</summary>
public sealed record WatchMessage
{
    public required WatchMessageKind Kind { get; init; }

    /// <summary>The watch; -1 for all of the session, and for one that was never made.</summary>
    public required long Id { get; init; }

    /// <summary>Of the newest event while the watch keeps up; the store's otherwise.</summary>
    public required long Revision { get; init; }

    public IReadOnlyList<WatchEvent> Events { get; init; } = [];

    /// <summary>In the place of Events where one revision is larger than a message: all that the watch wants of it.</summary>
    public ILargeRevision? Large { get; init; }

    public WatchEnd End { get; init; }

    /// <summary>With Compacted.</summary>
    public long CompactRevision { get; init; }
}

/// <summary>One revision, read from the store piece by piece by the face that hands it to the client, as often as needed.</summary>
public interface ILargeRevision
{
    /// <summary>Its changes in order; a piece has at least one, and about as many bytes as a message may have. Takes a few
    /// milliseconds for each piece.</summary>
    /// <exception cref="StoreException">Compacted: it is gone, and the rest of it does not come. NotReady: a snapshot is being switched
    /// in.</exception>
    IEnumerable<IReadOnlyList<WatchEvent>> Read();
}
