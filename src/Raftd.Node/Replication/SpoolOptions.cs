namespace Raftd.Node.Replication;

/// <summary>How snapshots are spooled.</summary>
internal sealed record SpoolOptions
{
    /// <summary>A chunk ends before the pair that would take it beyond this; 256 KiB unless set.</summary>
    public int ChunkBytes { get; init; } = 256 << 10;

    /// <summary>Written in one step, at least one chunk: between two steps a store that must grow gets its turn. 1 MiB unless
    /// set, some milliseconds of any disk.</summary>
    public int SliceBytes { get; init; } = 1 << 20;

    /// <summary>Room on the disk that a spool leaves to the log and the state; none unless set.</summary>
    public long ReserveBytes { get; init; }

    /// <summary>A finished spool that nothing holds stays so long for the next that asks: a stream that broke comes back, and
    /// members that were wiped together come one after the other. A minute unless set.</summary>
    public TimeSpan IdleTime { get; init; } = TimeSpan.FromMinutes(1);
}
