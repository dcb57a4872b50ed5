using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Raftd.Cli.Settings;

/// <summary>Chooses the address that this member gives to others. Pure: the machine's addresses are passed in.</summary>
/// <remarks>
/// 1. The value of <c>-advertise-haddr</c> or <c>-advertise-raddr</c>.
/// 2. The address it listens on, if it listens on one.
/// 3. It listens on all: loopback for a member that is alone and never joined, because no other machine has to reach it and
///    it keeps working when the machine's address changes; else the first address that others can use.
/// </remarks>
internal static class Advertise
{
    /// <param name="listen">The address the member listens on.</param>
    /// <param name="advertised">The operator's choice, if any.</param>
    /// <param name="joined">Whether the member joins a cluster, or has ever joined one.</param>
    /// <param name="addresses">The machine's addresses, in its own order.</param>
    public static HostPort Resolve(
        HostPort listen, HostPort? advertised, bool joined, IReadOnlyList<IPAddress> addresses)
    {
        if (advertised is { } said)
        {
            return said;
        }

        return listen.IsAny ? listen with { Host = joined ? FirstReachable(addresses) : Loopback } : listen;
    }

    /// <summary>The addresses of the interfaces that are up, in the system's order.</summary>
    public static IReadOnlyList<IPAddress> MachineAddresses() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .Where(card => card.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
            .SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address),
    ];

    private const string Loopback = "127.0.0.1";

    /// <summary>
    /// IPv4 first, since a machine with IPv6 only has no IPv4 address; loopback on a machine without network.
    /// </summary>
    private static string FirstReachable(IReadOnlyList<IPAddress> addresses)
    {
        var usable = addresses.Where(address => !IPAddress.IsLoopback(address) && !IsLinkLocal(address)).ToList();
        var first = usable.Find(address => address.AddressFamily == AddressFamily.InterNetwork) ?? usable.FirstOrDefault();
        return first?.ToString() ?? Loopback;
    }

    private static bool IsLinkLocal(IPAddress address) =>
        address.IsIPv6LinkLocal || (address.GetAddressBytes() is [169, 254, ..] and { Length: 4 });
}
