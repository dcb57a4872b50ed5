using Microsoft.Extensions.Logging;
using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Cli.Settings;

/// <summary>All settings of one member, or of one front over a database. Their texts are in <see cref="Flags"/>, defaults and ranges in
/// <see cref="Bounds"/>.</summary>
/// <remarks>
/// Should be equal on all members: <see cref="MaxValueBytes"/>, <see cref="QuotaBytes"/>, <see cref="MaxLeaseKeys"/>,
/// <see cref="ElectionTimeout"/>, <see cref="HeartbeatInterval"/>. The others may differ.
/// </remarks>
internal sealed record ServerSettings
{
    /// <summary>
    /// The label of the member: 1 to 128 printable bytes without white space.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>Where clients connect.</summary>
    public required HostPort HttpAddress { get; init; }

    /// <summary>Where other members or fronts connect; not the port of <see cref="HttpAddress"/>.</summary>
    public required HostPort RaftAddress { get; init; }

    /// <summary>
    /// Client addresses of members to join, tried in turn. Empty: found a cluster, or go on in the one it belongs to.
    /// </summary>
    public required IReadOnlyList<HostPort> Join { get; init; }

    /// <summary>All members, as etcd's flags name them; null where they do not.</summary>
    public required InitialCluster? InitialCluster { get; init; }

    /// <summary>The members of <see cref="InitialCluster"/> run already.</summary>
    public required bool ClusterExists { get; init; }

    /// <summary>Generator number of the lease ids. Null: assigned at join.</summary>
    public required int? Bind { get; init; }

    /// <summary>The client address that this member gives to others; null: see <see cref="Advertise"/>.</summary>
    public required HostPort? AdvertiseHttpAddress { get; init; }

    /// <summary>The peer address that this member gives to others; null: see <see cref="Advertise"/>.</summary>
    public required HostPort? AdvertiseRaftAddress { get; init; }

    /// <summary>Host names that clients may use besides those of this machine; see <see cref="HostPattern"/>.</summary>
    public required IReadOnlyList<HostPattern> AllowedHosts { get; init; }

    /// <summary>The files of the client port.</summary>
    public required TlsSettings ClientTls { get; init; }

    /// <summary>Root certificates of other members' client ports, for <see cref="Join"/>; null: see <see cref="TlsSettings"/>.</summary>
    public required string? JoinAuthority { get; init; }

    /// <summary>The files of the peer port, and of the calls to other members' peer ports.</summary>
    public required TlsSettings PeerTls { get; init; }

    /// <summary>Whether a follower answers 307 to the leader instead of forwarding.</summary>
    public required bool Redirect { get; init; }

    /// <summary>The largest value in bytes.</summary>
    public required long MaxValueBytes { get; init; }

    /// <summary>Bytes of small values kept in memory; 0 keeps none.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>The longest a request may take in the server.</summary>
    public required TimeSpan RequestTimeout { get; init; }

    /// <summary>Silence of the leader after which members vote.</summary>
    public required TimeSpan ElectionTimeout { get; init; }

    /// <summary>The longest silence of a leader.</summary>
    public required TimeSpan HeartbeatInterval { get; init; }

    /// <summary>Logical bytes that the cluster keeps at most.</summary>
    public required long QuotaBytes { get; init; }

    /// <summary>Keys that one lease may have.</summary>
    public required int MaxLeaseKeys { get; init; }

    /// <summary>Size of one file of the log, rounded up to whole 4 KiB; an entry that does not fit gets a file of its
    /// own.</summary>
    public required long WalSegmentBytes { get; init; }

    /// <summary>Log kept for members that lag behind: all of it is read at the next start.</summary>
    public required long WalRetentionBytes { get; init; }

    /// <summary>Log kept behind the snapshot of a member that catches up; above it that member starts again with another one. Null: see
    /// <see cref="Bounds.MaxPinnedLogBytes"/>.</summary>
    public required long? MaxPinnedLogBytes { get; init; }

    /// <summary>The longest time between two flushes of the state.</summary>
    public required TimeSpan FlushInterval { get; init; }

    /// <summary>Changed bytes that start a flush early.</summary>
    public required long FlushBytes { get; init; }

    /// <summary>Where scheduled backups go; null for none.</summary>
    public required string? BackupDirectory { get; init; }

    /// <summary>Between two of them.</summary>
    public required TimeSpan BackupInterval { get; init; }

    /// <summary>How many stay.</summary>
    public required int BackupsKept { get; init; }

    /// <summary>The form of the log lines.</summary>
    public required LogFormat LogFormat { get; init; }

    /// <summary>The least level that is logged.</summary>
    public required LogLevel LogLevel { get; init; }

    /// <summary>The database of a front; null for a member, which keeps its data itself.</summary>
    public required StoreSettings? Store { get; init; }

    /// <summary>Where the member keeps everything; made if missing. Empty for a front.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Every problem, each naming flag, value and bound; empty for settings that can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string?>
        {
            IdProblem(),
            DataDirectory.Length == 0 && Store is null ? "a data directory is missing, as in 'raftd -id node01 ~/.raftd01'" : null,
            Bind is { } bind ? Flags.Bind.Problem(bind) : null,
            Flags.MaxLeaseKeys.Problem(MaxLeaseKeys),
            AdvertiseProblem(Flags.AdvertiseHttp, AdvertiseHttpAddress),
            AdvertiseProblem(Flags.AdvertiseRaft, AdvertiseRaftAddress),
            Join.Any(address => address.Host.Length == 0)
                ? $"{Flags.Join.Label} {string.Join(',', Join)}: each address needs a host"
                : null,
            InitialCluster?.Problem(Id, ClusterExists, Join),
            ClusterExists && InitialCluster is null
                ? $"{Flags.InitialClusterState.Label} existing: needs {Flags.InitialCluster.Label} beside it"
                : null,
            Flags.MaxValueBytes.Problem(MaxValueBytes),
            Flags.CacheBytes.Problem(CacheBytes),
            Flags.QuotaBytes.Problem(QuotaBytes),
            Flags.WalSegmentBytes.Problem(WalSegmentBytes),
            Flags.WalRetentionBytes.Problem(WalRetentionBytes),
            MaxPinnedLogBytes is { } pinned ? Flags.MaxPinnedLogBytes.Problem(pinned) : null,
            Flags.FlushBytes.Problem(FlushBytes),
            Flags.RequestTimeout.Problem(RequestTimeout),
            Flags.ElectionTimeout.Problem(ElectionTimeout),
            Flags.HeartbeatInterval.Problem(HeartbeatInterval),
            Flags.FlushInterval.Problem(FlushInterval),
            Flags.BackupInterval.Problem(BackupInterval),
            Flags.BackupsKept.Problem(BackupsKept),
        };
        problems.AddRange(ProblemsBetween());
        problems.AddRange(TlsSettings.Problems(this));
        problems.AddRange(SchemeProblems());
        return [.. problems.OfType<string>()];
    }

    private IEnumerable<string> ProblemsBetween()
    {
        if (Store is null or { HasPeerAddress: true } && HttpAddress.Port == RaftAddress.Port
            && (HttpAddress.Host == RaftAddress.Host || HttpAddress.IsAny || RaftAddress.IsAny))
        {
            yield return $"{Flags.RaftAddress.Label} {RaftAddress}: "
                + $"must differ from {Flags.HttpAddress.Label} {HttpAddress}";
        }

        var leastElection = HeartbeatInterval * Bounds.HeartbeatsPerElection;
        if (ElectionTimeout < leastElection)
        {
            yield return $"{Flags.ElectionTimeout.Label} {DurationText.Format(ElectionTimeout)}: must be at least "
                + $"{Bounds.HeartbeatsPerElection} x {Flags.HeartbeatInterval.Label}, {DurationText.Format(leastElection)}";
        }

        if (QuotaBytes < MaxValueBytes)
        {
            yield return $"{Flags.QuotaBytes.Label} {SizeText.Format(QuotaBytes)}: must be at least "
                + $"{Flags.MaxValueBytes.Label}, {SizeText.Format(MaxValueBytes)}";
        }

        if (BackupDirectory is { } backups && IsWithin(backups, DataDirectory))
        {
            yield return $"{Flags.BackupDirectory.Label} {backups}: lies in the data directory and would be lost with it";
        }
    }

    private static bool IsWithin(string path, string directory) =>
        directory.Length > 0 && $"{Path.GetFullPath(path)}/".StartsWith($"{Path.GetFullPath(directory).TrimEnd('/')}/", StringComparison.Ordinal);

    /// <summary>A URL of etcd's flags says whether a port speaks TLS; here its certificate does.</summary>
    private IEnumerable<string> SchemeProblems()
    {
        (Flag Flag, HostPort? Address, TlsSettings Tls, Flag Certificate)[] addresses =
        [
            (Flags.HttpAddress, HttpAddress, ClientTls, Flags.Certificate),
            (Flags.AdvertiseHttp, AdvertiseHttpAddress, ClientTls, Flags.Certificate),
            .. Join.Select(address => (Flags.Join, (HostPort?)address, ClientTls, Flags.Certificate)),
            (Flags.RaftAddress, RaftAddress, PeerTls, Flags.PeerCertificate),
            (Flags.AdvertiseRaft, AdvertiseRaftAddress, PeerTls, Flags.PeerCertificate),
            .. (InitialCluster?.Members.Values ?? []).Select(address => (Flags.InitialCluster, (HostPort?)address, PeerTls, Flags.PeerCertificate)),
        ];
        foreach (var (flag, address, tls, certificate) in addresses)
        {
            if (address is { Scheme: { Length: > 0 } scheme } said && (scheme == Uri.UriSchemeHttps) != tls.IsOn)
            {
                yield return tls.IsOn
                    ? $"{flag.Label} {scheme}://{said}: contradicts {certificate.Label}, with which it is https"
                    : $"{flag.Label} {scheme}://{said}: needs {certificate.Label} beside it";
            }
        }
    }

    private string? IdProblem() => MemberNames.IsLabel(Id)
        ? null
        : $"{Flags.Id.Label} '{Id}': must be 1 to {MemberNames.MaxLabelBytes} bytes without white space or control characters";

    private static string? AdvertiseProblem(Flag flag, HostPort? address) =>
        address is { IsAny: true } any ? $"{flag.Label} {any}: must name one host, for others to connect to" : null;
}
