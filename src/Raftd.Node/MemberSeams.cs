using Microsoft.Extensions.Logging;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Store.Buckets;
using Raftd.Wal;

namespace Raftd.Node;

/// <summary>Everything a member touches outside its own memory: real in the product, simulated in the simulator.</summary>
internal sealed record MemberSeams
{
    /// <summary>Holds the log and spooled snapshots.</summary>
    public required IFileSystem Files { get; init; }

    /// <summary>The log's directory.</summary>
    public required string LogDirectory { get; init; }

    /// <summary>Where snapshots are spooled; emptied at each start.</summary>
    public required string SpoolDirectory { get; init; }

    /// <summary>Holds the state.</summary>
    public required IStateDirectory State { get; init; }

    public required IPeerTransport Peers { get; init; }

    /// <summary>Monotonic time; no part of a member reads the wall clock, except the drawing of lease ids.</summary>
    public required TimeProvider Time { get; init; }

    public required IRandomSource Random { get; init; }

    public required ILogger Logger { get; init; }
}
