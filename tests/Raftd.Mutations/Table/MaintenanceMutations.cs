namespace Raftd.Mutations.Table;

/// <summary>What operators ask of one member: hashes by which members are compared, backups.</summary>
internal static class MaintenanceMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "history-hash-of-two-compactions",
            Failures = [37],
            Wrong = "a compaction in the middle of the hash is overlooked: the keys of one compact revision, and some of the next",
            In = "HistoryHasher.AddImage",
            Original = "view.CompactRevision != CompactRevision",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "history-hash-goes-on-with-the-writes",
            Failures = [37],
            Wrong = "what is written while the hash is made is hashed too: members that are the same differ",
            In = "HistoryHasher.AddChanges",
            Original = "change => change.Revision.Main <= Revision",
            Broken = "change => true",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "hashes-without-bound",
            Failures = [],
            Wrong = "any number of calls that work through the whole state wait for each other",
            In = "WorkQueue.EnterAsync",
            Original = "Interlocked.Increment(ref _inside) > atOnce + maxWaiting",
            Broken = "Interlocked.Increment(ref _inside) > int.MaxValue - 1",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "authority-with-a-scheme-resets",
            Failures = [],
            Wrong = "a client that names a member's whole URL as the authority gets its stream reset (docs/bugs.md)",
            In = "AuthorityEncoding.ForHeader",
            Original = "name == Authority",
            Broken = "false",
            Suites = [Suite.Api],
        },
    ];
}
