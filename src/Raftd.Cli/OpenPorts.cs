using Microsoft.Extensions.Logging;
using Raftd.Cli.Settings;

namespace Raftd.Cli;

/// <summary>Says at each start what the addresses open to the network, or close to the other members.</summary>
internal static class OpenPorts
{
    /// <param name="settings">Where the member listens and whom it joins.</param>
    /// <param name="advertisedPeers">Where the other members are told to reach it.</param>
    /// <param name="logger">Gets a warning for each port that more than this machine reaches.</param>
    public static void Warn(ServerSettings settings, HostPort advertisedPeers, ILogger logger)
    {
        if (!settings.HttpAddress.IsLoopback)
        {
            CliLog.NoPassword(logger, settings.HttpAddress);
        }

        if (!settings.RaftAddress.IsLoopback)
        {
            CliLog.PeersUnprotected(logger, settings.RaftAddress);
        }

        // Loopback is the default of -raddr, and easily forgotten where -haddr and -join name the network.
        if (advertisedPeers.IsLoopback && settings.Join.Any(target => !target.IsLoopback))
        {
            CliLog.PeersCannotReach(logger, advertisedPeers);
        }
    }
}
