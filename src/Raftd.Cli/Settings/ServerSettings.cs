using Microsoft.Extensions.Logging;
using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Cli.Settings;

/// <summary>Everything one member is told at its start. The texts and defaults stand in <see cref="Flags"/>.</summary>
/// <remarks>
/// Should be equal on all members: <see cref="MaxValueBytes"/>, <see cref="QuotaBytes"/>, <see cref="MaxLeaseKeys"/>,
/// <see cref="ElectionTimeout"/>, <see cref="HeartbeatInterval"/>. The others are each member's own affair.
/// </remarks>
internal sealed record ServerSettings
{
    private const int MaxBind = 1023;
    private const int MostLeaseKeys = 1_000_000;
    private const long KiB = 1L << 10;
    private const long MiB = 1L << 20;
    private const long GiB = 1L << 30;
    private const long TiB = 1L << 40;

    /// <summary>
    /// What an entry of the log may need beside its value: the key, the record and the command around it.
    /// </summary>

    /// <summary>The heartbeats that must fit into an election timeout, so that a few lost ones elect nobody.</summary>
    private const int HeartbeatsPerElection = 5;

    /// <summary>
    /// The label of the member: 1 to 128 printable bytes without white space. Default: the host name.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>Where clients connect. Default <c>127.0.0.1:7200</c>.</summary>
    public required HostPort HttpAddress { get; init; }

    /// <summary>Where other members connect; not the port of <see cref="HttpAddress"/>. Default <c>127.0.0.1:8200</c>.</summary>
    public required HostPort RaftAddress { get; init; }

    /// <summary>
    /// Client addresses of members to join, tried in turn. Empty: found a cluster, or go on with one's own.
    /// </summary>
    public required IReadOnlyList<HostPort> Join { get; init; }

    /// <summary>Generator number of the lease ids, 0 to 1023. Null: assigned at join.</summary>
    public required int? Bind { get; init; }

    /// <summary>The client address others are told; null: see <see cref="Advertise"/>.</summary>
    public required HostPort? AdvertiseHttpAddress { get; init; }

    /// <summary>The peer address others are told; null: see <see cref="Advertise"/>.</summary>
    public required HostPort? AdvertiseRaftAddress { get; init; }

    /// <summary>Host names that clients may use beside those of this machine; see <see cref="HostPattern"/>. Default: none.
    /// </summary>
    public required IReadOnlyList<HostPattern> AllowedHosts { get; init; }

    /// <summary>Whether a follower answers 307 to the leader instead of forwarding. Default false.</summary>
    public required bool Redirect { get; init; }

    /// <summary>The largest value in bytes, 1 KiB to 512 MiB. Default 32 MiB.</summary>
    public required long MaxValueBytes { get; init; }

    /// <summary>Bytes of small values kept in memory, up to 1 TiB; 0: none. Default 256 MiB.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>The longest a request may take in the server, 100 ms to 10 min. Default 5 s.</summary>
    public required TimeSpan RequestTimeout { get; init; }

    /// <summary>
    /// Silence of the leader after which members vote, 50 ms to 2 min, at least 5 heartbeats. Default 1 s.
    /// </summary>
    public required TimeSpan ElectionTimeout { get; init; }

    /// <summary>The longest silence of a leader, 10 ms to 10 s. Default 100 ms.</summary>
    public required TimeSpan HeartbeatInterval { get; init; }

    /// <summary>Logical bytes that the cluster keeps at most, 16 MiB to 1 TiB. Default 8 GiB.</summary>
    public required long QuotaBytes { get; init; }

    /// <summary>Keys that one lease may have, 1 to 1 000 000. Default 100 000.</summary>
    public required int MaxLeaseKeys { get; init; }

    /// <summary>Size of one file of the log, 64 KiB to 1 GiB, rounded up to whole 4 KiB; an entry that does not fit gets a
    /// file of its own. Default 64 MiB.</summary>
    public required long WalSegmentBytes { get; init; }

    /// <summary>Log kept for members that lag behind, up to 1 TiB; 0: none. Default 128 MiB: all of it is read at the next start.</summary>
    public required long WalRetentionBytes { get; init; }

    /// <summary>Log kept behind the snapshot of a member that catches up, 64 KiB to 1 TiB; beyond it that member begins anew.
    /// Null: the larger of 1 GiB and half the state's size.</summary>
    public required long? MaxPinnedLogBytes { get; init; }

    /// <summary>The longest time between two flushes of the state, 1 ms to 10 s. Default 100 ms.</summary>
    public required TimeSpan FlushInterval { get; init; }

    /// <summary>Changed bytes that start a flush early, 64 KiB to 1 GiB. Default 16 MiB.</summary>
    public required long FlushBytes { get; init; }

    /// <summary>The form of the log lines. Default text.</summary>
    public required LogFormat LogFormat { get; init; }

    /// <summary>The least level that is logged. Default information.</summary>
    public required LogLevel LogLevel { get; init; }

    /// <summary>Where the member keeps everything; made if missing. No default.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Every problem, each naming flag, value and bound; empty for settings that can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string?>
        {
            IdProblem(),
            DataDirectory.Length == 0 ? "a data directory is missing, as in 'raftd -id node01 ~/.raftd01'" : null,
            Bind is < 0 or > MaxBind ? $"{Flags.Bind.Label} {Bind}: allowed is 0 to {MaxBind}" : null,
            MaxLeaseKeys is < 1 or > MostLeaseKeys
                ? $"{Flags.MaxLeaseKeys.Label} {MaxLeaseKeys}: allowed is 1 to {MostLeaseKeys}"
                : null,
            AdvertiseProblem(Flags.AdvertiseHttp, AdvertiseHttpAddress),
            AdvertiseProblem(Flags.AdvertiseRaft, AdvertiseRaftAddress),
            Join.Any(address => address.Host.Length == 0)
                ? $"{Flags.Join.Label} {string.Join(',', Join)}: each address needs a host"
                : null,
            SizeProblem(Flags.MaxValueBytes, MaxValueBytes, KiB, 60 * MiB),
            SizeProblem(Flags.CacheBytes, CacheBytes, 0, TiB),
            SizeProblem(Flags.QuotaBytes, QuotaBytes, 16 * MiB, TiB),
            SizeProblem(Flags.WalSegmentBytes, WalSegmentBytes, 64 * KiB, GiB),
            SizeProblem(Flags.WalRetentionBytes, WalRetentionBytes, 0, TiB),
            MaxPinnedLogBytes is { } pinned ? SizeProblem(Flags.MaxPinnedLogBytes, pinned, 64 * KiB, TiB) : null,
            SizeProblem(Flags.FlushBytes, FlushBytes, 64 * KiB, GiB),
            TimeProblem(Flags.RequestTimeout, RequestTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10)),
            TimeProblem(Flags.ElectionTimeout, ElectionTimeout, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(2)),
            TimeProblem(Flags.HeartbeatInterval, HeartbeatInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10)),
            TimeProblem(Flags.FlushInterval, FlushInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)),
        };
        problems.AddRange(ProblemsBetween());
        return [.. problems.OfType<string>()];
    }

    private IEnumerable<string> ProblemsBetween()
    {
        if (HttpAddress.Port == RaftAddress.Port
            && (HttpAddress.Host == RaftAddress.Host || HttpAddress.IsAny || RaftAddress.IsAny))
        {
            yield return $"{Flags.RaftAddress.Label} {RaftAddress}: "
                + $"must differ from {Flags.HttpAddress.Label} {HttpAddress}";
        }

        var leastElection = HeartbeatInterval * HeartbeatsPerElection;
        if (ElectionTimeout < leastElection)
        {
            yield return $"{Flags.ElectionTimeout.Label} {DurationText.Format(ElectionTimeout)}: must be at least "
                + $"{HeartbeatsPerElection} x {Flags.HeartbeatInterval.Label}, {DurationText.Format(leastElection)}";
        }

        if (QuotaBytes < MaxValueBytes)
        {
            yield return $"{Flags.QuotaBytes.Label} {SizeText.Format(QuotaBytes)}: must be at least "
                + $"{Flags.MaxValueBytes.Label}, {SizeText.Format(MaxValueBytes)}";
        }
    }

    private string? IdProblem() => MemberNames.IsLabel(Id)
        ? null
        : $"{Flags.Id.Label} '{Id}': allowed is 1 to {MemberNames.MaxLabelBytes} bytes without white space or control characters";

    private static string? AdvertiseProblem(Flag flag, HostPort? address) =>
        address is { IsAny: true } any ? $"{flag.Label} {any}: must name one host, for others to connect to" : null;

    private static string? SizeProblem(Flag flag, long value, long low, long high) =>
        value >= low && value <= high
            ? null
            : $"{flag.Label} {SizeText.Format(value)}: allowed is {SizeText.Format(low)} to {SizeText.Format(high)}";

    private static string? TimeProblem(Flag flag, TimeSpan value, TimeSpan low, TimeSpan high) =>
        value >= low && value <= high
            ? null
            : $"{flag.Label} {DurationText.Format(value)}: "
                + $"allowed is {DurationText.Format(low)} to {DurationText.Format(high)}";
}
