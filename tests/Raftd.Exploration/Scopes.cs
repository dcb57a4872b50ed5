using Raftd.Exploration.Worlds;
using Raftd.Raft;

namespace Raftd.Exploration;

/// <summary>The worlds that are explored, each about one thing that can go wrong.</summary>
/// <remarks>
/// Where an election is not what a scope is about, it is one step: what leaders do to each other's logs is deep enough.
/// Where a disk is not, it is fast.
/// </remarks>
internal static class Scopes
{
    public static IReadOnlyList<Scope> All { get; } =
    [
        new("pre-votes", "an election with pre-votes, a crash") { Campaigns = 1, Crashes = 1, PreVotes = true },
        new("elections", "two elections, message by message, a crash") { Campaigns = 2, Crashes = 1 },
        new("terms", "three elections, a crash") { Campaigns = 3, Crashes = 1, SwiftElections = true },
        new("replication", "two entries under one leader, a crash")
        {
            Campaigns = 1, Proposals = 2, Crashes = 1, SwiftElections = true,
        },
        new("figure8", "four elections, entries that travel one by one")
        {
            Campaigns = 4, SwiftElections = true, TiredLeaders = true, LossyElections = true, SmallMessages = true,
        },
        new("conflicts", "two entries, two leaders") { Campaigns = 2, Proposals = 2, SwiftElections = true },
        new("slow-disks", "an election, a crash that loses what is not on disk") { Campaigns = 1, Crashes = 1, SlowDisks = true },
        new("late-reports", "two elections, disks that report late, a crash")
        {
            Campaigns = 2, Crashes = 1, SlowDisks = true, LateReports = true, SwiftElections = true,
        },
        new("reads", "a read, two leaders") { Campaigns = 2, Reads = 1, SwiftElections = true },
        new("removal", "a voter is removed, perhaps the leader, a crash")
        {
            Campaigns = 1, Crashes = 1, ChangeLimit = 1, Changes = [Voters(1, 2), Voters(2, 3)], SwiftElections = true,
        },
        new("changes", "two leaders, two changes")
        {
            Campaigns = 2, ChangeLimit = 2, Changes = [Voters(1, 2), Voters(2, 3)], SwiftElections = true,
        },
        new("joining", "a learner becomes a voter, two leaders")
        {
            Founding = new([new(1), new(2)], [new(3)]),
            Campaigns = 2, ChangeLimit = 1, Changes = [Voters(1, 2, 3)], SwiftElections = true,
        },
        new("transfer", "leadership is handed over") { Campaigns = 1, Transfers = 1, SwiftElections = true },
        new("snapshots", "an entry, a log that is compacted") { Campaigns = 1, Proposals = 1, Compactions = 1, SwiftElections = true },
        new("torn-tail", "two leaders, a crash that loses a durable entry")
        {
            Campaigns = 2, Tears = 1, Heartbeats = 1, SwiftElections = true,
        },
    ];

    private static Configuration Voters(params ulong[] ids) => new(ids.Select(id => new NodeId(id)), []);
}
