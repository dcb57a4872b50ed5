using System.Net;
using Raftd.Store.Leases;

namespace Raftd.Node;

/// <summary>Everything one member is started with. The command line checks the values; bounds stand with its flags.</summary>
public sealed record NodeOptions
{
    /// <summary>Holds wal/, state/, member.json and the lock; made if it is missing.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The operator's name for this member.</summary>
    public required string Label { get; init; }

    /// <summary>host:port told to clients and peers.</summary>
    public required string AdvertisedHttpAddress { get; init; }

    /// <summary>host:port told to peers.</summary>
    public required string AdvertisedPeerAddress { get; init; }

    /// <summary>Where peers are listened for.</summary>
    public required IPEndPoint PeerEndPoint { get; init; }

    /// <summary>Client addresses of members to join through; empty to found a cluster. Ignored once a member.</summary>
    public required IReadOnlyList<string> Join { get; init; }

    /// <summary>The snowflake generator number asked for; null lets the cluster choose.</summary>
    public int? Generator { get; init; }

    /// <summary>Silence of the leader after which a follower campaigns (up to twice this).</summary>
    public TimeSpan ElectionTimeout { get; init; } = TimeSpan.FromMilliseconds(1000);

    /// <summary>Between two heartbeats; the election timeout is at least five of them.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>After it a request is answered with unknown_outcome or no_leader.</summary>
    public TimeSpan RequestTimeLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Largest value of one key.</summary>
    public int MaxValueBytes { get; init; } = 32 << 20;

    /// <summary>Values kept in memory for reads.</summary>
    public long CacheBytes { get; init; } = 256L << 20;

    /// <summary>Replicated logical bytes above which writes are refused with NOSPACE.</summary>
    public long QuotaBytes { get; init; } = 8L << 30;

    /// <summary>Keys that one lease may have; comes with each command of this member that attaches one.</summary>
    public long MaxLeaseKeys { get; init; } = LeaseRules.DefaultMaxKeys;

    /// <summary>Size of one segment of the log.</summary>
    public long WalSegmentBytes { get; init; } = 64L << 20;

    /// <summary>Log kept on disk for followers that lag, beyond what the state needs.</summary>
    public long WalRetentionBytes { get; init; } = 128L << 20;

    /// <summary>Log kept on disk for a member that catches up by a snapshot, whatever the retention; beyond it that member
    /// begins anew. Null: the larger of 1 GiB and half the state's size.</summary>
    public long? MaxPinnedLogBytes { get; init; }

    /// <summary>Between two flushes of the state.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Flush at once above this many bytes.</summary>
    public long FlushBytes { get; init; } = 16L << 20;

    /// <summary>The product's version, shown in the status.</summary>
    public required string Version { get; init; }
}
