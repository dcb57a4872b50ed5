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
            In = "CommitLoop.EndWithLog",
            Original = "_state.Last.IsEnd",
            Broken = "false",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "bucket-written-behind-its-end",
            Failures = [],
            Wrong = "a write that waited while the end of the log was taken in is committed behind it, and is lost",
            In = "CommitLoop.Work",
            Original = "_board.Fence is not null",
            Broken = "false",
            Suites = [Suite.Sql],
        },
        new()
        {
            Name = "bucket-look-for-each-request",
            Failures = [],
            Wrong = "each request for a bucket that is not there costs a look at the database",
            In = "SqlBuckets.LookAsync",
            Original = "_nextLook ??= Task.Run(LookSoonAsync)",
            Broken = "OnOwnThread(static session => session.Buckets())",
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
    ];
}
