namespace Raftd.Mutations.Table;

/// <summary>Buckets: what keeps them apart, how they end, and what they may cost.</summary>
internal static class BucketMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "bucket-answered-from-the-default-one",
            Failures = [],
            Wrong = "a call of the etcd API that names a bucket is answered from the default one",
            In = "EtcdCall.BucketNamed",
            Original = "? «inPath ?? inMetadata»",
            Broken = "null",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "bucket-values-shared",
            Failures = [],
            Wrong = "readers of a large value get that of the same key and revision in another bucket",
            In = "KeyApi.WriteItemAsync",
            Original = "call.Keyspace.Values",
            Broken = "call.Services.Keyspaces.Default.Values",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "bucket-removed-though-not-empty",
            Failures = [],
            Wrong = "a bucket with keys is removed without force",
            In = "BucketRemoval.RefusalOf",
            Original = "force || (state.Last.KeyCount == 0 && leases == 0)",
            Broken = "true",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "bucket-outlives-its-log",
            Failures = [],
            Wrong = "a front does not see that the log of its bucket has ended",
            In = "CommitLoop.Work",
            Original = "_board.End(session);",
            Broken = "_ = session;",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "bucket-written-behind-its-end",
            Failures = [],
            Wrong = "a write that waited while the end of the log was taken in is committed behind it, and is lost",
            In = "CommitLoop.Work",
            Original = "TakeIn(session); if (_state.Last.IsEnd) { return true; }",
            Broken = "TakeIn(session);",
            Suites = [Suite.Sql, Suite.Fronts],
        },
        new()
        {
            Name = "bucket-look-for-each-request",
            Failures = [],
            Wrong = "each request for a bucket that is not there costs a look at the database",
            In = "SqlBuckets.LookAsync",
            Original = "_nextLook ??= _threads.RunAsync(LookSoonAsync)",
            Broken = "AskAsync(static session => session.Buckets())",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "bucket-without-a-leader",
            Failures = [],
            Wrong = "the leader of a bucket is gone, and no front takes its place: its leases never end",
            In = "SqlBuckets.IsMine",
            Original = "_upkeep.HeirOf(row.Id) == _upkeep.Self",
            Broken = "_upkeep.HeirOf(row.Id) != _upkeep.Self",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "bucket-stays-where-it-is-led",
            Failures = [],
            Wrong = "a front that comes takes no share of the buckets until another goes",
            In = "UpkeepLoop.GiveAway",
            Original = "_hasGiven || leader == self.Id || bucket == BucketRow.DefaultId",
            Broken = "true",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "bucket-made-again-is-none",
            Failures = [],
            Wrong = "who asks for a bucket that was made again through another front is told that there is none",
            In = "BucketEnd.ReasonOf",
            Original = "session.Buckets().Any(bucket => bucket.Name == name)",
            Broken = "session.Buckets().Count == 0",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "bucket-end-looked-up-first",
            Failures = [],
            Wrong = "whether a removed bucket was made again is looked up while it is still found here",
            In = "FrontBoard.End",
            Original = "_hasEnded = true; FenceOff(BucketEnd.ReasonOf(session, database.Bucket));",
            Broken = "var reason = BucketEnd.ReasonOf(session, database.Bucket); _hasEnded = true; FenceOff(reason);",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "bucket-removed-by-another-is-mine",
            Failures = [],
            Wrong = "who asks for the removal of a bucket that another one has removed before is told that it is removed, though it was made again",
            In = "BucketRemoval.End",
            Original = "WasSent && hasEnded",
            Broken = "hasEnded",
            Suites = [Suite.Fronts],
        },
        new()
        {
            Name = "bucket-older-load-wins",
            Failures = [],
            Wrong = "a bucket that was removed while it was loaded takes the place of the one that was made in its place",
            In = "SqlBuckets.Serve",
            Original = "other.Row.Id > row.Id",
            Broken = "other.Row.Id < 0",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "bucket-stepped-though-given-up",
            Failures = [],
            Wrong = "a loop that was given up while it was queued is stepped once more",
            In = "LoopTeam.Next",
            Original = "seat.Left is null",
            Broken = "true",
            Suites = [Suite.Sql],
        },
    ];
}
