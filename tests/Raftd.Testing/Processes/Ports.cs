using System.Net;
using System.Net.Sockets;

namespace Raftd.Testing.Processes;

/// <summary>Loopback ports that are free.</summary>
/// <remarks>
/// Below 32768, where Linux begins to take ports for outgoing connections: a port asked for with 0 may be taken by one
/// while its member is down, and a connection to a port of that range may even reach itself.
/// </remarks>
public static class Ports
{
    private const int First = 10_000;
    private const int Count = 20_000;
    private static readonly Lock Guard = new();
    private static int _next = Environment.ProcessId * 37 % Count;

    public static int Free()
    {
        lock (Guard)
        {
            for (var tries = 0; tries < Count; tries++)
            {
                _next = (_next + 1) % Count;
                if (IsFree(First + _next))
                {
                    return First + _next;
                }
            }
        }

        throw new InvalidOperationException("no loopback port is free");
    }

    public static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
