namespace Raftd.Mutations.Table;

/// <summary>Watches: lost, doubled, torn, ahead of themselves or without bound.</summary>
internal static class WatchMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "watch-live-below-its-start",
            Failures = [52],
            Wrong = "a watch that has read history is given once more what is published behind it",
            In = "WatchHub.Dispatch(2)",
            Original = "watcher.State != WatcherState.Synced || watcher.Next.Main > main",
            Broken = "watcher.State != WatcherState.Synced",
            Suites = [Suite.Store, Suite.Simulator],
        },
        new()
        {
            Name = "watch-gap-not-passed",
            Failures = [51],
            Wrong = "a queue that had to be dropped is forgotten: watches that kept up miss what was in it",
            In = "WatchHub.TakePublished",
            Original = "hasGap = _hasGap;",
            Broken = "hasGap = false;",
            Suites = [Suite.Store, Suite.Simulator],
        },
        new()
        {
            Name = "watch-gap-begins-anew",
            Failures = [52],
            Wrong = "after a gap a watch reads history from its last event on, and not from what it has passed: a compaction ends it that has taken nothing from it",
            In = "WatchHub.PassGap",
            Original = "FallBehind(watcher, new Revision(_dispatched + 1, 0));",
            Broken = "FallBehind(watcher, watcher.Next);",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "watch-start-of-the-future-forgotten",
            Failures = [53],
            Wrong = "a watch of the future that reads history begins at the present",
            In = "WatchHub.Read",
            Original = "portion.End.CompareTo(reader.Next) > 0 ? portion.End : reader.Next",
            Broken = "portion.End",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "watch-below-the-compaction-begins",
            Failures = [57],
            Wrong = "a watch that begins below the compaction is not told so, and brings what is left",
            In = "WatchHub.Create",
            Original = "start < view.CompactRevision",
            Broken = "start < 0",
            Suites = [Suite.Store, Suite.Simulator],
        },
        new()
        {
            Name = "watch-at-the-compaction-refused",
            Failures = [57],
            Wrong = "a watch at the compacted revision itself is refused",
            In = "WatchHub.Create",
            Original = "start < view.CompactRevision",
            Broken = "start <= view.CompactRevision",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "watch-ignores-its-room",
            Failures = [56],
            Wrong = "a session is given all there is, whether or not it is read",
            In = "WatchHub.HasRoom",
            Original = "session.Bytes < RoomOf()",
            Broken = "true",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "watch-waits-for-ever",
            Failures = [56],
            Wrong = "a reader that makes room does not tell the hub: the watch behind it never goes on",
            In = "WatchHub.CountRead",
            Original = "session.IsWaiting && session.Bytes <= RoomOf() / 2 && session.StopWaiting()",
            Broken = "false",
            Suites = [Suite.Store, Suite.Simulator],
        },
        new()
        {
            Name = "watch-splits-a-revision",
            Failures = [55],
            Wrong = "a page ends in the middle of a revision, and its part passes for the whole",
            In = "WatchHub.PortionOf",
            Original = "page.IsPart",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "watch-fills-up-with-a-part",
            Failures = [55],
            Wrong = "the message is full in the middle of a revision: its part passes for the whole",
            In = "WatchHub.PortionOf",
            Original = "events.RemoveAll(made => made.Key.ModRevision == main);",
            Broken = "_ = main;",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "message-shorter-than-announced",
            Failures = [55],
            Wrong = "a part of a large revision was compacted while it was sent: what follows passes for the rest of it",
            In = "GrpcCall.WriteJoinedAsync",
            Original = "left != 0",
            Broken = "false",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "watch-progress-ahead",
            Failures = [54],
            Wrong = "progress is told for the newest revision, while events below it are still queued",
            In = "WatchHub.BroughtUpTo",
            Original = "watcher.State != WatcherState.Synced",
            Broken = "watcher.State == WatcherState.Dead",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "watch-previous-of-the-same-revision",
            Failures = [55],
            Wrong = "the version before is looked up at the revision of the change itself",
            In = "WatchEvents.PreviousOf",
            Original = "Revision = «main - 1» }",
            Broken = "main",
            Suites = [Suite.Store, Suite.Node],
        },
        new()
        {
            Name = "watch-filters-swapped",
            Failures = [51],
            Wrong = "a watch without puts gets no deletions",
            In = "WatchRequestExtensions.Wants",
            Original = "change.IsTombstone ? request.WithoutDeletes : request.WithoutPuts",
            Broken = "change.IsTombstone ? request.WithoutPuts : request.WithoutDeletes",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "watch-search-ends-early",
            Failures = [51],
            Wrong = "the search for ranges that hold a key leaves out a subtree that reaches it",
            In = "RangeIndex.Settled",
            Original = "node.HighestEnd = node.Right is { } right ? Higher(highest, right.HighestEnd) : highest;",
            Broken = "node.HighestEnd = highest;",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "watch-outlives-its-member",
            Failures = [35],
            Wrong = "a member that stops leaves the streams of its watches open",
            In = "WatchHub.End",
            Original = "session.End(why);",
            Broken = "_ = session;",
            Suites = [Suite.Store],
        },
    ];
}
