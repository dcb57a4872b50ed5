using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Views;

namespace Raftd.State.Watch;

/// <summary>The changes of one revision as events, made once for all watches that want the same.</summary>
/// <param name="state">For the versions before.</param>
/// <param name="changes">Those of the revision in the range, in order.</param>
/// <param name="maxBytes">What one message may have.</param>
internal sealed class WatchEvents(IReplicatedState state, List<RevisionRecord> changes, long maxBytes)
{
    private IReadOnlyList<WatchEvent>? _plain;
    private IReadOnlyList<WatchEvent>? _withPrevious;

    /// <returns>False where they are too many for one message, or cannot be made now: the watch reads them from history.</returns>
    public bool TryOf(Watcher watcher, out IReadOnlyList<WatchEvent> events)
    {
        var request = watcher.Request;
        events = [];
        if (BytesOf(changes) > maxBytes)
        {
            return false;
        }

        try
        {
            if (!request.WithoutPuts && !request.WithoutDeletes)
            {
                events = request.WithPrevious ? _withPrevious ??= All(withPrevious: true) : _plain ??= All(withPrevious: false);
            }
            else
            {
                events = [.. changes.Where(watcher.Wants).Select(change => Of(change, request.WithPrevious, state.View()))];
            }
        }
        catch (StoreException e) when (e.Code == ErrorCode.NotReady)
        {
            return false;
        }

        return true;
    }

    /// <summary>A change as its watch has it.</summary>
    /// <exception cref="StoreException">NotReady: a snapshot is being switched in.</exception>
    public static WatchEvent Of(RevisionRecord change, bool withPrevious, IStateView view)
    {
        // A creation replaces nothing, also where its own transaction has deleted the key before.
        var hasPrevious = withPrevious && (change.IsTombstone || change.Version > 1);
        var version = KeyVersions.Describe(change, change.Value);
        return new WatchEvent(version, change.IsTombstone, hasPrevious ? PreviousOf(change.Key, change.Revision.Main, view) : null);
    }

    /// <summary>What an event counts for in the size of a message.</summary>
    public static long BytesOf(RevisionRecord change, WatchEvent made) => change.LogicalBytes + (made.Previous?.ValueBytes ?? 0);

    /// <summary>The key as it was before the whole revision; null where it did not exist, or that is compacted.</summary>
    private static KeyValue? PreviousOf(byte[] key, long main, IStateView view)
    {
        if (main - 1 < Math.Max(view.CompactRevision, 1))
        {
            return null;
        }

        try
        {
            return view.Range(new RangeRequest { Key = key, Revision = main - 1 }).Items is [{ } previous] ? previous : null;
        }
        catch (StoreException e) when (e.Code == ErrorCode.Compacted)
        {
            return null;
        }
    }

    private static long BytesOf(List<RevisionRecord> changes)
    {
        var bytes = 0L;
        foreach (var change in changes)
        {
            bytes += change.LogicalBytes;
        }

        return bytes;
    }

    private WatchEvent[] All(bool withPrevious)
    {
        var view = state.View();
        return [.. changes.Select(change => Of(change, withPrevious, view))];
    }
}
