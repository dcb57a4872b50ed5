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

    [Theory]
    [InlineData("stat")]
    [InlineData("--store")]
    [InlineData("--store oracle")]
    [InlineData("--tls --store postgres")]
    public async Task Script_UnknownWords_AnswersWithUsage(string words) => Assert.Equal(
        (2, "usage: ./run-cluster.sh [start [--tls | --store postgres|mysql]|stop|status|clean]\n"), await RunAsync(Given.Words(words)));

    [Theory]
    [InlineData("node01", "postgres", "is one of members")]
    [InlineData("node01", "mysql", "is one of members")]
    [InlineData("postgres", "mysql", "is one over PostgreSQL")]
    [InlineData("mysql", "postgres", "is one over MariaDB")]
    public async Task Store_OverOtherData_IsRefused(string present, string engine, string expected)
    {
        Directory.CreateDirectory(_folder.At($"data/{present}"));

        var (code, error) = await RunAsync("--store", engine);

        Assert.Equal(1, code);
        Assert.StartsWith($"run-cluster.sh: the cluster in {_folder.At("data")} {expected}; ", error, StringComparison.Ordinal);
    }

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

    private async Task<(int Code, string Error)> RunAsync(params string[] words)
    {
        var start = new ProcessStartInfo(_folder.At("run-cluster.sh"), words)
        {
            Environment = { ["RAFTD_DATA"] = _folder.At("data") },
        };
        var run = await Subprocess.RunAsync(start);
        return (run.Code, run.Error);
    }
}
