using Raftd.Exploration.Worlds;
using Raftd.Raft;

namespace Raftd.Exploration;

/// <summary>The worlds that are explored, each about one thing that can go wrong.</summary>
internal static class Scopes
{
    public static IReadOnlyList<Scope> All { get; } =
    [
        new("pre-votes", "") { Campaigns = 2, PreVotes = true },
        new("elections", "three elections, a crash") { Campaigns = 3, Crashes = 1 },
        new("slow-disks", "two elections, a crash") { Campaigns = 2, Crashes = 1, SlowDisks = true },
        new("replication", "two entries, two elections, a crash") { Campaigns = 2, Proposals = 2, Crashes = 1 },
        new("late-reports", "as replication, and a disk that tells late") { Campaigns = 2, Proposals = 1, SlowDisks = true, LateReports = true },
        new("figure8", "three terms, an entry") { Campaigns = 3, Proposals = 1 },
        new("reads", "two reads, two elections, an entry") { Campaigns = 2, Proposals = 1, Reads = 1 },
        new("removal", "the removal of a voter") { Campaigns = 2, ChangeLimit = 1, Changes = [Voters(1, 2)] },
        new("transfer", "leadership is handed over") { Campaigns = 1, Transfers = 1, Proposals = 1 },
        new("snapshots", "a log that is compacted") { Campaigns = 2, Proposals = 1, Compactions = 1 },
        new("torn-tail", "a crash that loses an entry") { Campaigns = 2, Proposals = 1, Tears = 1 },
    ];

    private static Configuration Voters(params ulong[] ids) => new(ids.Select(id => new NodeId(id)), []);
}
