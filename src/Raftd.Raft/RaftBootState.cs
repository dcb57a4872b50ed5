namespace Raftd.Raft;

/// <summary>What a member remembers when it starts.</summary>
public sealed record RaftBootState
{
    /// <summary>As last written to the log; default for a member that never ran. Its term is at least that of the log's last
    /// entry, also where the record of the term was torn off: the log raises it then, see docs/wal-format.md.</summary>
    public HardState HardState { get; init; }

    /// <summary>The configuration as of <see cref="AppliedIndex"/>. Empty for a member that waits to be added.</summary>
    public required Configuration Configuration { get; init; }

    /// <summary>The index of the entry that holds that configuration; 0 for the one that the cluster is founded with.</summary>
    public ulong ConfigurationIndex { get; init; }

    /// <summary>The durable state contains the entries up to here. The log reaches at least to it and is not compacted beyond
    /// it.</summary>
    public ulong AppliedIndex { get; init; }
}
