using System.Net;
using System.Net.Sockets;

namespace Raftd.Testing.Processes;

/// <summary>Loopback ports that are free.</summary>
/// <remarks>
/// Below 32768, where Linux begins to take ports for outgoing connections: a port asked for with 0 may be taken by one
/// while its member is down, and a connection to a port of that range may even reach itself. In blocks, each of one process until it
/// ends (a locked file says so): a member that is down keeps its port from suites that run beside it.
/// </remarks>
public static class Ports
{
    private const int First = 10_000;
    private const int BlockSize = 500;
    private const int BlockCount = 40;

    private static readonly Lock Guard = new();

    // By number, with their files.
    private static readonly Dictionary<int, FileStream> Blocks = [];
    private static int _next;
    private static int _left;

    public static int Free()
    {
        lock (Guard)
        {
            for (var tries = 0; tries < BlockCount * BlockSize; tries++)
            {
                if (_left == 0)
                {
                    BeginBlock();
                }

                _left--;
                if (IsFree(_next++))
                {
                    return _next - 1;
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

    /// <summary>One that no process has; where there is none, one of this process once more.</summary>
    private static void BeginBlock()
    {
        var start = Environment.ProcessId % BlockCount;
        var block = Enumerable.Range(start, BlockCount).Select(static number => number % BlockCount).FirstOrDefault(TryTake, -1);
        if (block < 0)
        {
            block = Blocks.Count > 0
                ? Blocks.Keys.ElementAt(Random.Shared.Next(Blocks.Count))
                : throw new InvalidOperationException($"other processes have all {BlockCount} blocks of ports");
        }

        (_next, _left) = (First + (block * BlockSize), BlockSize);
    }

    private static bool TryTake(int block)
    {
        if (Blocks.ContainsKey(block))
        {
            return false;
        }

        try
        {
            var path = Path.Combine(Path.GetTempPath(), $"raftd-test-ports-{block}");
            Blocks.Add(block, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            return true;
        }
        catch (Exception taken) when (taken is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
