using Raftd.Contract;
using Raftd.State.Keyspaces;

namespace Raftd.State.Watch;

/// <summary>One watch of a session. The hub's thread alone.</summary>
internal sealed class Watcher(WatchSession session, long id, WatchRequest request, WatchGroup group, Revision next)
{
    public WatchSession Session => session;

    public long Id => id;

    public WatchRequest Request => request;

    public WatchGroup Group => group;

    /// <summary>The first change that it has not been given.</summary>
    public Revision Next { get; set; } = next;

    public WatcherState State { get; set; }

    /// <summary>Given something since the last time that progress was due.</summary>
    public bool HadEvents { get; set; }

    public bool Wants(RevisionRecord change) =>
        change.Revision.CompareTo(Next) >= 0 && request.Wants(change);
}

internal static class WatchRequestExtensions
{
    /// <summary>By its filters.</summary>
    public static bool Wants(this WatchRequest request, RevisionRecord change) =>
        !(change.IsTombstone ? request.WithoutDeletes : request.WithoutPuts);
}

internal enum WatcherState
{
    /// <summary>Has been given everything: what is published goes to it at once.</summary>
    Synced,

    /// <summary>Reads history, in the hub's queue.</summary>
    Behind,

    /// <summary>Would read history, but its session has no room.</summary>
    Blocked,

    /// <summary>Ended by a compaction. Its number is taken until the client cancels it.</summary>
    Dead,
}

/// <summary>All watches of one range: they share the search for it and, where they want the same, its events.</summary>
internal sealed class WatchGroup(byte[] low, byte[] rangeEnd)
{
    public byte[] Low => low;

    public byte[] RangeEnd => rangeEnd;

    public KeyRange Range { get; } = new(low, rangeEnd);

    public List<Watcher> Watchers { get; } = [];

    public bool Holds(byte[] key) => key.AsSpan().SequenceCompareTo(low) >= 0 && Range.IsBeforeEnd(key);
}
