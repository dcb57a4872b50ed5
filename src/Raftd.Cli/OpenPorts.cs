using Microsoft.Extensions.Logging;
using Raftd.Cli.Settings;

namespace Raftd.Cli;

/// <summary>Warns at each start about ports that are open to the network, and about a peer port that the other members cannot
/// reach.</summary>
internal static class OpenPorts
{
    /// <param name="settings">The addresses to listen on, and their certificates.</param>
    /// <param name="others">Members that this one joins.</param>
    /// <param name="advertisedPeers">The peer address that this member gives to others.</param>
    /// <param name="logger">Gets a warning for each port that other machines can reach.</param>
    public static void Warn(ServerSettings settings, IReadOnlyList<HostPort> others, HostPort advertisedPeers, ILogger logger)
    {
        WarnOfClients(settings, logger);
        WarnOfPeers(settings, logger);

        // Loopback is the default of -raddr, and easily forgotten when -haddr and -join name the network.
        if (advertisedPeers.IsLoopback && others.Any(target => !target.IsLoopback))
        {
            CliLog.PeersCannotReach(logger, advertisedPeers);
        }
    }

    /// <summary>The peer port of a front.</summary>
    /// <param name="settings">The addresses to listen on, and their certificates.</param>
    /// <param name="advertisedPeers">The peer address that this front gives to others.</param>
    /// <param name="logger">Gets the warnings.</param>
    public static void WarnOfFronts(ServerSettings settings, HostPort advertisedPeers, ILogger logger)
    {
        WarnOfPeers(settings, logger);
        if (advertisedPeers.IsLoopback && !settings.HttpAddress.IsLoopback)
        {
            CliLog.FrontsCannotReach(logger, advertisedPeers);
        }
    }

    /// <summary>The client port alone.</summary>
    public static void WarnOfClients(ServerSettings settings, ILogger logger)
    {
        if (!settings.HttpAddress.IsLoopback && !settings.ClientTls.IsOn)
        {
            CliLog.NoPassword(logger, settings.HttpAddress);
        }
        else if (!settings.HttpAddress.IsLoopback && settings.ClientTls.Authority is null)
        {
            CliLog.NoClientCertificates(logger, settings.HttpAddress);
        }
    }

    private static void WarnOfPeers(ServerSettings settings, ILogger logger)
    {
        if (!settings.RaftAddress.IsLoopback && !settings.PeerTls.IsOn)
        {
            CliLog.PeersUnprotected(logger, settings.RaftAddress);
        }
    }
}
