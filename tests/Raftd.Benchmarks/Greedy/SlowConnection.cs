using System.Net.Sockets;
using System.Text;

namespace Raftd.Benchmarks.Greedy;

/// <summary>A client that sends or reads a little at a time. Where the member ends it, it comes again.</summary>
internal static class SlowConnection
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(900);

    /// <returns>How often the member ended the connection.</returns>
    public static Task<int> SendAsync(string url, string target, int announcedBytes, int bytesPerSecond, CancellationToken stop) =>
        RepeatAsync(url, $"PUT {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {announcedBytes}\r\n\r\n", async stream =>
        {
            var piece = new byte[bytesPerSecond];
            var answer = stream.ReadAsync(new byte[1], stop).AsTask();
            while (!answer.IsCompleted)
            {
                await stream.WriteAsync(piece, stop);
                await Task.Delay(Interval, stop);
            }
        }, stop);

    public static Task<int> ReadAsync(string url, string target, int bytesPerSecond, CancellationToken stop) =>
        RepeatAsync(url, $"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n", async stream =>
        {
            var piece = new byte[bytesPerSecond];
            while (true)
            {
                await stream.ReadExactlyAsync(piece, stop);
                await Task.Delay(Interval, stop);
            }
        }, stop);

    private static async Task<int> RepeatAsync(string url, string head, Func<NetworkStream, Task> use, CancellationToken stop)
    {
        for (var ended = 0; ; ended++)
        {
            try
            {
                var server = new Uri(url);
                using var client = new TcpClient { ReceiveBufferSize = 64 * 1024 };
                await client.ConnectAsync(server.Host, server.Port, stop);
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), stop);
                await use(client.GetStream());
            }
            catch (OperationCanceledException)
            {
                return ended;
            }
            catch (Exception closed) when (closed is IOException or SocketException)
            {
                // Counted, and again.
            }
        }
    }
}
