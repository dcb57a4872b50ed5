using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Raftd.Cli.Tests;

/// <summary>How run-cluster.sh refuses; whole clusters are started by Raftd.Cluster.Tests.</summary>
public sealed class ClusterScriptTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ClusterScriptTests()
    {
        _folder.WriteScript("run-cluster.sh", Checkout.ReadText("run-cluster.sh"));
        _folder.WriteScript("raftd", "#!/usr/bin/env bash\nexit 0\n");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task PortInUse_IsNamedWithItsProcess_AndNothingIsStarted()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 8002);
        var ours = TryListen(listener);

        var (code, error) = await RunAsync("start");

        Assert.Equal(1, code);
        Assert.Matches(@"^run-cluster\.sh: port 8\d\d\d is in use by .*\n$", error);
        Assert.True(!ours || !error.Contains("8002", StringComparison.Ordinal)
            || error.Contains($"pid {Environment.ProcessId} ", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder.Path, "data")));
    }

    [Fact]
    public async Task UnknownWord_IsAnsweredWithUsage() =>
        Assert.Equal((2, "usage: ./run-cluster.sh [start|stop|status|clean]\n"), await RunAsync("stat"));

    /// <summary>False where another process has the port; the script must refuse all the same.</summary>
    private static bool TryListen(TcpListener listener)
    {
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<(int Code, string Error)> RunAsync(string word)
    {
        var start = new ProcessStartInfo(Path.Combine(_folder.Path, "run-cluster.sh"), [word])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        start.Environment["RAFTD_DATA"] = Path.Combine(_folder.Path, "data");
        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, error);
    }
}
