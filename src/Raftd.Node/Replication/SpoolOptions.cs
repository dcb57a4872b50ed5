namespace Raftd.Node.Replication;

/// <summary>How snapshots are spooled.</summary>
internal sealed record SpoolOptions
{
    /// <summary>A chunk ends before the pair that would take it beyond this; 256 KiB unless set.</summary>
    public int ChunkBytes { get; init; } = 256 << 10;

    /// <summary>Bytes written in one step, at least one chunk. Between two steps a store that must grow gets its turn. 1 MiB
    /// unless set, a few milliseconds of any disk.</summary>
    public int SliceBytes { get; init; } = 1 << 20;

    /// <summary>Free bytes that a spool leaves on the disk for the log and the state.</summary>
    public required long ReserveBytes { get; init; }

    /// <summary>A finished spool without readers is kept this long for the next request: a broken stream comes back, and members
    /// that were wiped together ask one after the other. A minute unless set.</summary>
    public TimeSpan IdleTime { get; init; } = TimeSpan.FromMinutes(1);
}
