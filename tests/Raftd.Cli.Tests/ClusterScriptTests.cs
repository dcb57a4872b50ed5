using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;

namespace Raftd.Cli.Tests;

/// <summary>How run-cluster.sh refuses; whole clusters are started by Raftd.Cluster.Tests.</summary>
public sealed class ClusterScriptTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

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
        Assert.Empty(Directory.GetFiles(_folder.At("data")));
    }

    [Fact]
    public async Task Script_UnknownWord_AnswersWithUsage() =>
        Assert.Equal((2, "usage: ./run-cluster.sh [start [--tls]|stop|status|clean]\n"), await RunAsync("stat"));

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
        var start = new ProcessStartInfo(_folder.At("run-cluster.sh"), [word])
        {
            Environment = { ["RAFTD_DATA"] = _folder.At("data") },
        };
        var run = await Subprocess.RunAsync(start);
        return (run.Code, run.Error);
    }
}
