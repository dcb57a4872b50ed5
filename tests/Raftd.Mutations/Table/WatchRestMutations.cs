namespace Raftd.Mutations.Table;

/// <summary>Watches over REST: what a client that comes back is told.</summary>
internal static class WatchRestMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "watch-resumed-behind-its-revision",
            Failures = [],
            Wrong = "a watch that was cut off inside a transaction goes on behind it, and the rest of it is lost",
            In = "WatchPlace.NextRevision",
            Original = "Version.Place == long.MaxValue ? Version.Revision + 1 : Version.Revision",
            Broken = "Version.Revision + 1",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "watch-repeats-its-revision",
            Failures = [],
            Wrong = "a watch that was cut off inside a transaction brings all of it again",
            In = "WatchFeed.HasCome",
            Original = "change.Place <= resumed.Version.Place",
            Broken = "false",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "watch-without-a-first-place",
            Failures = [],
            Wrong = "a client that is cut off before the first event begins anew, and loses what was written meanwhile",
            In = "WatchFeed.OpenSessionAsync",
            Original = "Place ??= WatchPlace.Behind(first.Revision);",
            Broken = "Place ??= WatchPlace.Behind(0);",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "watch-resume-refused-for-good",
            Failures = [],
            Wrong = "a browser that comes back to a member which starts is answered 503, and gives up",
            In = "WatchApi.AnswerAsync(1)",
            Original = "query.IsResumedStream",
            Broken = "false",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "watch-state-without-reset",
            Failures = [],
            Wrong = "a new initial state is told as if it were the rest of the old one: deleted keys stay with the client",
            In = "WatchFeed.TryBeginAnewAsync",
            Original = "_saysReset = true;",
            Broken = "_saysReset = false;",
            Suites = [Suite.Api],
        },
    ];
}
