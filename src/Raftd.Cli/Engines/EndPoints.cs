using System.Globalization;
using System.Net;
using Raftd.Cli.Settings;

namespace Raftd.Cli.Engines;

/// <summary>Addresses to listen on.</summary>
internal static class EndPoints
{
    /// <exception cref="FatalException">The host has no address.</exception>
    public static IPEndPoint Of(HostPort address)
    {
        if (address.IsAny)
        {
            return new IPEndPoint(IPAddress.IPv6Any, address.Port);
        }

        if (IPAddress.TryParse(address.Host, out var ip))
        {
            return new IPEndPoint(ip, address.Port);
        }

        var resolved = Dns.GetHostAddresses(address.Host);
        return resolved.Length > 0
            ? new IPEndPoint(resolved[0], address.Port)
            : throw new FatalException(new FatalError(
                ExitCode.AddressInUse,
                string.Create(CultureInfo.InvariantCulture, $"{address.Host} has no address"),
                "listen on an address of this machine, or on all with ':port'"));
    }
}
