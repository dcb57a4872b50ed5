using System.Net;
using Raftd.Contract;
using Raftd.Node.Backups;
using Raftd.Tls;

namespace Raftd.Node;

/// <summary>Everything one member is started with. The command line checks the values against <see cref="Bounds"/>.</summary>
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

    /// <summary>Where this member listens for peers.</summary>
    public required IPEndPoint PeerEndPoint { get; init; }

    /// <summary>Client addresses of members to join through; empty to found a cluster. Ignored once a member.</summary>
    public required IReadOnlyList<string> Join { get; init; }

    /// <summary>The addresses in <see cref="Join"/> are peer addresses: the request goes to POST /join there, with
    /// <see cref="PeerTls"/>.</summary>
    public bool JoinsThroughPeers { get; init; }

    /// <summary>The certificate with which this member serves its peers and calls them, and the CA that theirs must be of. Null: members
    /// speak in clear text. Equal on all members in that: a member with it and one without do not understand each other.</summary>
    public TlsIdentity? PeerTls { get; init; }

    /// <summary>The certificate and the trust with which this member calls the client address of another, to join. Null: in clear
    /// text.</summary>
    /// <remarks>All members serve their clients alike, so this decides the scheme of every member's client URL too.</remarks>
    public TlsIdentity? JoinTls { get; init; }

    /// <summary>Of the client URLs that this member names, its own and others': http or https.</summary>
    public string ClientScheme => JoinTls is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;

    /// <summary>The snowflake generator number asked for; null lets the cluster choose.</summary>
    public int? Generator { get; init; }

    /// <summary>Silence of the leader after which a follower campaigns (up to twice this).</summary>
    public TimeSpan ElectionTimeout { get; init; } = Bounds.ElectionTimeout.Default;

    /// <summary>Between two heartbeats; the election timeout is at least <see cref="Bounds.HeartbeatsPerElection"/> of them.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = Bounds.HeartbeatInterval.Default;

    /// <summary>After it a request is answered with unknown_outcome or no_leader.</summary>
    public TimeSpan RequestTimeLimit { get; init; } = Bounds.RequestTimeout.Default;

    /// <summary>Largest value of one key.</summary>
    public int MaxValueBytes { get; init; } = (int)Bounds.MaxValueBytes.Default;

    /// <summary>As the member announces them.</summary>
    internal EngineLimits EngineLimits => new() { MaxValueBytes = MaxValueBytes };

    /// <summary>Values kept in memory for reads.</summary>
    public long CacheBytes { get; init; } = Bounds.CacheBytes.Default;

    /// <summary>Replicated logical bytes above which writes are refused with NOSPACE.</summary>
    public long QuotaBytes { get; init; } = Bounds.QuotaBytes.Default;

    /// <summary>Keys that one lease may have; comes with each command of this member that attaches one.</summary>
    public long MaxLeaseKeys { get; init; } = Bounds.MaxLeaseKeys.Default;

    /// <summary>Size of one segment of the log.</summary>
    public long WalSegmentBytes { get; init; } = Bounds.WalSegmentBytes.Default;

    /// <summary>Log kept on disk for followers that lag, beyond what the state needs.</summary>
    public long WalRetentionBytes { get; init; } = Bounds.WalRetentionBytes.Default;

    /// <summary>Log kept on disk for a member that catches up by a snapshot, even beyond the retention; above this the member
    /// starts again with another snapshot. Null: the larger of <see cref="Bounds.MaxPinnedLogBytes"/>'s default and half the state's size.</summary>
    public long? MaxPinnedLogBytes { get; init; }

    /// <summary>Between two flushes of the state.</summary>
    public TimeSpan FlushInterval { get; init; } = Bounds.FlushInterval.Default;

    /// <summary>Flush at once above this many bytes.</summary>
    public long FlushBytes { get; init; } = Bounds.FlushBytes.Default;

    /// <summary>Null: this member makes no backups by itself.</summary>
    public BackupOptions? Backups { get; init; }

    /// <summary>The product's version, shown in the status.</summary>
    public required string Version { get; init; }
}
