using Raftd.Contract;

namespace Raftd.Cli.Settings;

/// <summary>The table of settings. The help, the file, the variables and docs/operations.md all follow it.</summary>
internal static class Flags
{
    public static readonly Flag Id = new("id", "NAME", "", "label of this member; the host name if not given") { Aliases = ["name"] };
    public static readonly Flag HttpAddress = new("haddr", "HOST:PORT", "127.0.0.1:7200", "listen here for clients")
    {
        Aliases = ["listen-client-urls"],
    };

    public static readonly Flag RaftAddress = new("raddr", "HOST:PORT", "127.0.0.1:8200",
        "listen here for other members")
    { Aliases = ["listen-peer-urls"] };
    public static readonly Flag Join = new("join", "HOST:PORT,...", "",
        "client addresses of members to join; ignored once the directory holds a member");
    public static readonly Flag InitialCluster = new("initial-cluster", "NAME=URL,...", "",
        "as etcd has it: names and peer URLs of all members; the first of them founds the cluster and the others join it");
    public static readonly Flag InitialClusterState = new("initial-cluster-state", "new|existing", "new",
        "as etcd has it: existing for a member that was added to a cluster");
    public static readonly Flag InitialClusterToken = new("initial-cluster-token", "TEXT", "",
        "as etcd has it: taken and not looked at, since the number of a cluster is drawn here");
    public static readonly BoundedFlag<int> Bind = BoundedFlag.Number("bind", Bounds.Generator,
        "generator number of lease ids; assigned at join if not given").WithoutDefault();
    public static readonly Flag AdvertiseHttp = new("advertise-haddr", "HOST:PORT", "",
        "the client address that this member gives to others")
    { Aliases = ["advertise-client-urls"] };
    public static readonly Flag AdvertiseRaft = new("advertise-raddr", "HOST:PORT", "",
        "the peer address that this member gives to others")
    { Aliases = ["initial-advertise-peer-urls"] };
    public static readonly Flag AllowedHosts = new("allowed-hosts", "NAME,...", "",
        "host names, or *.suffixes, that clients may use besides this machine's; * allows all");
    public static readonly Flag Certificate = new("cert", "FILE", "", "PEM certificate for the client port, which then speaks TLS")
    {
        Aliases = ["cert-file"],
    };

    public static readonly Flag Key = new("key", "FILE", "", "PEM key of -cert") { Aliases = ["key-file"] };
    public static readonly Flag ClientAuthority = new("client-ca", "FILE", "",
        "PEM root certificates: clients must have a certificate of one of them")
    { Aliases = ["trusted-ca-file"] };
    public static readonly Flag ClientCertAuth = new("client-cert-auth", "", "",
        "as etcd has it: says that -client-ca must be there")
    { IsSwitch = true };
    public static readonly Flag JoinAuthority = new("join-ca", "FILE", "",
        "PEM root certificates of the members' client ports, for -join; -client-ca if not given, else the system's");
    public static readonly Flag PeerCertificate = new("peer-cert", "FILE", "", "PEM certificate of this member towards its peers")
    {
        Aliases = ["peer-cert-file"],
    };

    public static readonly Flag PeerKey = new("peer-key", "FILE", "", "PEM key of -peer-cert") { Aliases = ["peer-key-file"] };
    public static readonly Flag PeerAuthority = new("peer-ca", "FILE", "", "PEM root certificates that the peers' certificates must be of")
    {
        Aliases = ["peer-trusted-ca-file"],
    };

    public static readonly Flag PeerClientCertAuth = new("peer-client-cert-auth", "", "",
        "as etcd has it: says that -peer-ca must be there")
    { IsSwitch = true };
    public static readonly Flag Redirect = new("redirect", "", "false",
        "answer 307 to the leader instead of forwarding")
    { IsSwitch = true };
    public static readonly BoundedFlag<long> MaxValueBytes = BoundedFlag.Size("max-value-bytes", Bounds.MaxValueBytes, "largest value");
    public static readonly BoundedFlag<long> CacheBytes = BoundedFlag.Size("cache-bytes", Bounds.CacheBytes,
        $"memory for values of up to {SizeText.Format(Bounds.MaxCachedValueBytes)}; 0 keeps none");
    public static readonly BoundedFlag<TimeSpan> RequestTimeout = BoundedFlag.Duration("request-timeout", Bounds.RequestTimeout,
        "longest time for one request");
    public static readonly BoundedFlag<TimeSpan> ElectionTimeout = BoundedFlag.Duration("election-timeout", Bounds.ElectionTimeout,
        $"a leader that is silent for this long is replaced; at least {Bounds.HeartbeatsPerElection} heartbeats");
    public static readonly BoundedFlag<TimeSpan> HeartbeatInterval = BoundedFlag.Duration("heartbeat-interval", Bounds.HeartbeatInterval,
        "the leader sends at least one message in this time");
    public static readonly BoundedFlag<long> QuotaBytes = BoundedFlag.Size("quota-bytes", Bounds.QuotaBytes, "most data the cluster keeps");
    public static readonly BoundedFlag<int> MaxLeaseKeys = BoundedFlag.Number("max-lease-keys", Bounds.MaxLeaseKeys, "most keys that one lease may have");
    public static readonly BoundedFlag<long> WalSegmentBytes = BoundedFlag.Size("wal-segment-bytes", Bounds.WalSegmentBytes, "size of one file of the log");
    public static readonly BoundedFlag<long> WalRetentionBytes = BoundedFlag.Size("wal-retention-bytes", Bounds.WalRetentionBytes,
        "log kept for members that lag; beyond it they get a snapshot");
    public static readonly BoundedFlag<long> MaxPinnedLogBytes = BoundedFlag.Size("max-pinned-log-bytes", Bounds.MaxPinnedLogBytes,
        "log kept behind the snapshot of a member that catches up; the larger of "
        + $"{SizeText.Format(Bounds.MaxPinnedLogBytes.Default)} and half the state if not given").WithoutDefault();
    public static readonly BoundedFlag<TimeSpan> FlushInterval = BoundedFlag.Duration("flush-interval", Bounds.FlushInterval,
        "longest time between two flushes of the state");
    public static readonly BoundedFlag<long> FlushBytes = BoundedFlag.Size("flush-bytes", Bounds.FlushBytes,
        "flush the state earlier once this much has changed");
    public static readonly Flag BackupDirectory = new("backup-dir", "DIR", "",
        "make a backup into this directory every -backup-interval");
    public static readonly BoundedFlag<TimeSpan> BackupInterval = BoundedFlag.Duration("backup-interval", Bounds.BackupInterval,
        "time between two backups");
    public static readonly BoundedFlag<int> BackupsKept = BoundedFlag.Number("backup-keep", Bounds.BackupsKept,
        "backups of this member that stay; older ones are deleted");
    public static readonly Flag LogFormat = new("log-format", "text|json", "text", "form of the log lines on stderr");
    public static readonly Flag LogLevel = new("log-level", "LEVEL", "info",
        "least level logged: trace, debug, info, warn, error or none");
    public static readonly Flag DataDirectory = new("data-dir", "", "", "where this member keeps its data")
    {
        IsPositional = true,
    };

    public static readonly Flag Store = new("store", "URL", "",
        "be a front over this database, without data of its own: postgres://user@host/database or mysql://user@host/database")
    { Shown = StoreSettings.WithoutPassword };
    public static readonly Flag StorePasswordFile = new("store-password-file", "FILE", "", "the password for -store, alone in a file");
    public static readonly Flag StorePassword = new("store-password", "TEXT", "",
        "the password for -store; never as a flag, but as RAFTD_STORE_PASSWORD or in the file of -config")
    { Shown = static _ => null };

    public static readonly Flag Config = new("config", "FILE", "",
        "YAML file with the settings, each under its flag's name");
    public static readonly Flag PrintConfig = new("print-config", "", "",
        "print the settings and where each comes from, then exit")
    { IsSwitch = true };

    /// <summary>Everything that makes up <see cref="ServerSettings"/>, in the order of the help.</summary>
    public static IReadOnlyList<Flag> Settings { get; } =
    [
        Id, HttpAddress, RaftAddress, Join, InitialCluster, InitialClusterState, InitialClusterToken, Bind, AdvertiseHttp, AdvertiseRaft, AllowedHosts,
        Certificate, Key, ClientAuthority, ClientCertAuth, JoinAuthority, PeerCertificate, PeerKey, PeerAuthority, PeerClientCertAuth,
        Redirect,
        MaxValueBytes, CacheBytes, RequestTimeout, ElectionTimeout, HeartbeatInterval,
        QuotaBytes, MaxLeaseKeys, WalSegmentBytes, WalRetentionBytes, MaxPinnedLogBytes, FlushInterval, FlushBytes,
        BackupDirectory, BackupInterval, BackupsKept, LogFormat, LogLevel,
        Store, StorePasswordFile, StorePassword, DataDirectory,
    ];

    /// <summary>Those that mean nothing to a front over a database: it has no data of its own, and no peers.</summary>
    public static IReadOnlyList<Flag> OfMembersAlone { get; } =
    [
        Join, InitialCluster, InitialClusterState, InitialClusterToken, JoinAuthority,
        CacheBytes, ElectionTimeout, HeartbeatInterval, WalSegmentBytes, WalRetentionBytes, MaxPinnedLogBytes, FlushInterval, FlushBytes,
        BackupDirectory, BackupInterval, BackupsKept, DataDirectory,
    ];

    /// <summary>Flags that concern the settings themselves: where they come from, and printing them.</summary>
    public static IReadOnlyList<Flag> Commands { get; } = [Config, PrintConfig];

    /// <summary>Variables of the scripts, of test builds and of the other commands: not settings, and no reason for a warning.</summary>
    public static IReadOnlyList<string> OtherVariables { get; } =
    [
        Config.Variable, MemberEndpoint.Variable, EndpointFlags.BucketVariable,
        "RAFTD_DATA", "RAFTD_NO_BUILD", "RAFTD_BUILD_ONLY", "RAFTD_VERIFY",
    ];
}
