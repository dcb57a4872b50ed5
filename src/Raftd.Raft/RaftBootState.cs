namespace Raftd.Raft;

/// <summary>What a member remembers when it starts.</summary>
public sealed record RaftBootState
{
    /// <summary>As last written to the log; default for a member that never ran.</summary>
    public HardState HardState { get; init; }

    /// <summary>The configuration as of <see cref="AppliedIndex"/>. Empty for a member that waits to be added.</summary>
    public required Configuration Configuration { get; init; }

    /// <summary>The index of the entry that configuration came from; 0 for the one a cluster is founded with.</summary>
    public ulong ConfigurationIndex { get; init; }

    /// <summary>What the durable state already contains. The log is at least that long and not compacted beyond it.</summary>
    public ulong AppliedIndex { get; init; }
}
