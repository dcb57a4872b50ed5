using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Raftd.Cli.Settings;

namespace Raftd.Cli;

/// <summary>The log lines of the executable itself. Event ids 100 to 199; never reused.</summary>
internal static partial class CliLog
{
    [LoggerMessage(100, LogLevel.Warning, "{Variable} is in the environment but is not a setting of raftd; ignored")]
    public static partial void UnknownVariable(ILogger logger, string variable);

    [LoggerMessage(101, LogLevel.Information,
        "Member {Id} serves clients on {HttpAddress} and peers on {RaftAddress} from {DataDirectory}")]
    public static partial void Starting(
        ILogger logger, string id, HostPort httpAddress, HostPort raftAddress, string dataDirectory);

    [LoggerMessage(102, LogLevel.Information, "It gives others the addresses {HttpAddress} (clients) and {RaftAddress} (peers)")]
    public static partial void Advertising(ILogger logger, HostPort httpAddress, HostPort raftAddress);

    [LoggerMessage(103, LogLevel.Warning,
        "Clients are served on {HttpAddress} without TLS and without a password: any machine that reaches it can read and "
        + "write everything")]
    public static partial void NoPassword(ILogger logger, HostPort httpAddress);

    [LoggerMessage(108, LogLevel.Warning,
        "Clients are served on {HttpAddress} with TLS, but need neither a certificate nor a password: any machine that reaches it can "
        + "read and write everything; -client-ca asks for certificates")]
    public static partial void NoClientCertificates(ILogger logger, HostPort httpAddress);

    [LoggerMessage(104, LogLevel.Information, "{Signal}: stopping; a second signal ends the process at once")]
    public static partial void StopRequested(ILogger logger, PosixSignal signal);

    [LoggerMessage(109, LogLevel.Information, "Front {Id} serves clients on {HttpAddress} over {Database}; it gives others the address {Advertised}")]
    public static partial void StartingFront(ILogger logger, string id, HostPort httpAddress, string database, HostPort advertised);

    [LoggerMessage(110, LogLevel.Information, "It gives other fronts the address {RaftAddress}")]
    public static partial void FrontsReachIt(ILogger logger, HostPort raftAddress);

    [LoggerMessage(111, LogLevel.Information,
        "It listens for no other fronts: while it leads, they commit their writes themselves, and answer no questions about leases; "
        + "-raddr changes that")]
    public static partial void NoFrontsReachIt(ILogger logger);

    [LoggerMessage(112, LogLevel.Warning,
        "Clients of other machines are served here, but other fronts are given the address {RaftAddress}, which only this machine can "
        + "reach: set -raddr or -advertise-raddr")]
    public static partial void FrontsCannotReach(ILogger logger, HostPort raftAddress);

    [LoggerMessage(105, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(106, LogLevel.Warning,
        "Peers are served on {RaftAddress} without TLS and without a password: any machine that reaches it can take "
        + "part in the cluster")]
    public static partial void PeersUnprotected(ILogger logger, HostPort raftAddress);

    [LoggerMessage(107, LogLevel.Warning,
        "-join names another machine, but this member gives its peers the address {RaftAddress}, which only this machine can reach: "
        + "set -raddr or -advertise-raddr")]
    public static partial void PeersCannotReach(ILogger logger, HostPort raftAddress);
}
