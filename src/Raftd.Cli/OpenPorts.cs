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
        if (!settings.RaftAddress.IsLoopback && !settings.PeerTls.IsOn)
        {
            CliLog.PeersUnprotected(logger, settings.RaftAddress);
        }

        // Loopback is the default of -raddr, and easily forgotten when -haddr and -join name the network.
        if (advertisedPeers.IsLoopback && others.Any(target => !target.IsLoopback))
        {
            CliLog.PeersCannotReach(logger, advertisedPeers);
        }
    }

    /// <summary>The client port alone: a front has no other.</summary>
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
}
