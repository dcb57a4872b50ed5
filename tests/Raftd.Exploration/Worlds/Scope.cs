using Raftd.Raft;

namespace Raftd.Exploration.Worlds;

/// <summary>What may happen only so often in one run of a cluster, because it could go on without end.</summary>
internal enum Resource
{
    Campaign,
    Crash,
    Tear,
    Proposal,
    Change,
    Heartbeat,
    Read,
    Transfer,
    Compaction,

    /// <summary>The arrival of a forwarded read at a leader.</summary>
    Forwarding,
}

/// <summary>A small world: who is in it, and how often what may happen. Messages and disks are bound by nothing.</summary>
internal sealed record Scope(string Name, string About)
{
    private static readonly NodeId[] Members = [new(1), new(2), new(3)];

    public Configuration Founding { get; init; } = new(Members, []);

    /// <summary>The configurations that a leader may be asked for.</summary>
    public IReadOnlyList<Configuration> Changes { get; init; } = [];

    /// <summary>Timeouts of elections; each can begin one term.</summary>
    public int Campaigns { get; init; }

    public int Crashes { get; init; }

    /// <summary>Crashes that lose a durable entry.</summary>
    public int Tears { get; init; }

    public int Proposals { get; init; }

    public int Heartbeats { get; init; }

    public int Reads { get; init; }

    public int Transfers { get; init; }

    public int Compactions { get; init; }

    /// <summary>How many changes of the configuration.</summary>
    public int ChangeLimit { get; init; }

    /// <summary>A write reaches the disk at any later time, not at once.</summary>
    public bool SlowDisks { get; init; }

    /// <summary>With <see cref="SlowDisks"/>: what the disk has is told to the core at any later time, not at once.</summary>
    public bool LateReports { get; init; }

    /// <summary>Pre-votes are asked for and given by messages.</summary>
    public bool PreVotes { get; init; }

    /// <summary>
    /// A campaign, one voter's answer and what it makes of the candidate are one step: fewer ways of losing an election,
    /// more of what leaders do. The other voter's request is under way as ever.
    /// </summary>
    public bool SwiftElections { get; init; }

    /// <summary>A leader may campaign too: no member answers it until it steps down by its quorum check.</summary>
    public bool TiredLeaders { get; init; }

    /// <summary>What is under way when a campaign begins is lost.</summary>
    public bool LossyElections { get; init; }

    /// <summary>One entry to a message.</summary>
    public bool SmallMessages { get; init; }

    /// <summary>All members are alike in the beginning, so that the one that campaigns first may be called 1.</summary>
    public bool IsSymmetric => Founding.Voters.Length == Members.Length && Changes.Count == 0;

    public int LimitOf(Resource resource) => resource switch
    {
        Resource.Campaign => Campaigns,
        Resource.Crash => Crashes,
        Resource.Tear => Tears,
        Resource.Proposal => Proposals,
        Resource.Change => ChangeLimit,
        Resource.Heartbeat => Heartbeats,
        Resource.Read => Reads,
        Resource.Transfer => Transfers,
        Resource.Compaction => Compactions,
        _ => Reads + 1,
    };
}
