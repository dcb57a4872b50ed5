using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests;

/// <summary>What the README says to type, typed. Ports 8001 to 8003 and 8101 to 8103, one test at a time on the machine.</summary>
public sealed class ReadmeTests : ClusterTest
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly int[] PortsUsed = [8001, 8002, 8003, 8101, 8102, 8103];
    private FileStream? _lock;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Until.TrueAsync("no other run of these tests has the ports", TimeSpan.FromMinutes(2), TryLock);
        await Until.TrueAsync($"the ports {string.Join(", ", PortsUsed)} are free", Limit, () => PortsUsed.All(Ports.IsFree));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _lock?.Dispose();
    }

    [Fact]
    public async Task ThreeCommandLines_MakeACluster_AndTheExamplesWork()
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "README.md"), TestContext.Current.CancellationToken);
        var blocks = ShellBlocks(readme);
        var lines = Block("./raftd -id node01").TrimEnd().Split('\n');
        Assert.Equal(3, lines.Length);
        for (var number = 1; number <= lines.Length; number++)
        {
            Scene.StartScript(Scene.PathOf($"node0{number}.log"), "exec " + lines[number - 1], ("HOME", Scene.Folder));
            await IsReadyAsync(number);
        }

        Assert.True(Directory.Exists(Scene.PathOf(".raftd01")));
        var files = await Scene.ShellAsync("set -e\n" + Block("curl -T README.md"));
        Assert.Equal((0, readme), (files.Code, files.Output));

        var conditions = await Scene.ShellAsync(Block("If-None-Match"));
        Assert.Equal(2, conditions.Output.Split("HTTP/1.1 200 OK").Length - 1);
        Assert.Equal("second", (await Scene.ShellAsync("curl -s 127.0.0.1:8003/key/leader")).Output);
        var late = await Scene.ShellAsync("curl -s -X PUT -H 'If-None-Match: *' -d 'first' 127.0.0.1:8001/key/leader -w '%{http_code}' -o /dev/null");
        Assert.Equal("412", late.Output);

        Scene.StartScript(Scene.PathOf("service.log"), Block("/lease/grant"));
        var list = Block("/lease/kv/nodeinfo");
        await Until.TrueAsync("the service is listed", Limit, async () =>
            (await Scene.ShellAsync(list)).Output
                == """[{"http_addr":"127.0.0.1:9001","tcp_addr":"127.0.0.1:9002","node_id":1,"weight":1}]""");
        Assert.Contains("\"role\":\"", (await Scene.ShellAsync("curl -s 127.0.0.1:8001/status")).Output, StringComparison.Ordinal);
        Assert.Equal("200", (await Scene.ShellAsync("curl -sL -o /dev/null -w '%{http_code}' http://127.0.0.1:8001/swagger")).Output);

        string Block(string with) => blocks.Single(block => block.Contains(with, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunCluster_StartsThreeMembers_StatusStopAndCleanWork()
    {
        var data = Scene.PathOf("cluster");
        (string, string) variable = ("RAFTD_DATA", data);
        var log = Scene.PathOf("run-cluster.log");
        var run = Scene.StartLogged(log, ["./run-cluster.sh"], variable);
        await Until.TrueAsync("the script says what to type", Limit, () => SaysReady(log));

        var status = await Scene.ShellAsync("./run-cluster.sh status", variable);
        Assert.Equal(0, status.Code);
        Assert.Matches(@"^node01  127\.0\.0\.1:8001  pid \d+  role \w+  term \d+  commit \d+  applied \d+  revision \d+\n", status.Output);
        Assert.Equal(3, status.Output.Split("  role ").Length - 1);
        Assert.Equal("kept", (await Scene.ShellAsync("curl -sS -X PUT -d kept 127.0.0.1:8001/key/k && curl -sS 127.0.0.1:8003/key/k")).Output);

        // Ctrl-C at the script: it ends, and its members with it.
        Signals.Send(run.Id, Signal.Interrupt);
        await Until.TrueAsync("the script ends", Limit, () => run.HasExited);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(1, (await Scene.ShellAsync("./run-cluster.sh status", variable)).Code);

        File.Delete(log);
        var second = Scene.StartLogged(log, ["./run-cluster.sh", "start"], variable);
        await Until.TrueAsync("the script says what to type", Limit, () => SaysReady(log));
        Assert.Equal("kept", (await Scene.ShellAsync("curl -sS 127.0.0.1:8002/key/k")).Output);

        Assert.Equal(0, (await Scene.ShellAsync("./run-cluster.sh stop", variable)).Code);
        await Until.TrueAsync("the script ends when its members are stopped", Limit, () => second.HasExited);
        Assert.True(Directory.Exists(Path.Combine(data, "node03")));
        Assert.Equal(0, (await Scene.ShellAsync("./run-cluster.sh clean", variable)).Code);
        Assert.False(Directory.Exists(data));
    }

    /// <summary>The lines that the script prints, each as it stands there.</summary>
    [Fact]
    public async Task RunCluster_WithTls_AsksForCertificates_AndItsLinesWork()
    {
        (string, string) variable = ("RAFTD_DATA", Scene.PathOf("secured"));
        var log = Scene.PathOf("run-cluster-tls.log");
        var run = Scene.StartLogged(log, ["./run-cluster.sh", "start", "--tls"], variable);
        await Until.TrueAsync("the script says what to type", Limit, () => SaysReady(log));
        var lines = (await File.ReadAllLinesAsync(log, TestContext.Current.CancellationToken))
            .Select(line => line.Trim())
            .Where(line => line.StartsWith("c() ", StringComparison.Ordinal) || line.Contains("https://127.0.0.1:800", StringComparison.Ordinal))
            .ToList();
        var client = lines.Single(line => line.StartsWith("c() ", StringComparison.Ordinal));
        Assert.Equal("", (await TypedAsync("-T README.md")).Output);
        Assert.Equal(Checkout.ReadText("README.md"), (await TypedAsync(":8002/key/readme")).Output);
        Assert.Matches("^[0-9]+$", (await TypedAsync("lease/grant")).Output);
        Assert.Contains("\"role\":\"", (await TypedAsync("# who leads")).Output, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"client_certificate\"", (await TypedAsync("without a certificate")).Output, StringComparison.Ordinal);

        Signals.Send(run.Id, Signal.Interrupt);
        await Until.TrueAsync("the script ends", Limit, () => run.HasExited);

        Task<ShellResult> TypedAsync(string with) =>
            Scene.ShellAsync($"{client}\n{lines.Single(line => line.Contains(with, StringComparison.Ordinal))}");
    }

    private static bool SaysReady(string log) =>
        File.Exists(log) && File.ReadAllText(log).Contains("Ctrl-C stops them", StringComparison.Ordinal);

    private Task IsReadyAsync(int number) => Until.TrueAsync($"node0{number} is ready", Limit, async () =>
        (await Scene.ShellAsync($"curl -sf 127.0.0.1:800{number}/readyz")).Code == 0);

    /// <summary>Two checkouts may run their tests side by side, but there is one port 8001.</summary>
    private bool TryLock()
    {
        try
        {
            _lock = new FileStream(Path.Combine(Path.GetTempPath(), "raftd-ports-8001.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The contents of the blocks marked as shell.</summary>
    private static string[] ShellBlocks(string page) =>
        [.. page.Split("```sh\n").Skip(1).Select(rest => rest[..rest.IndexOf("```", StringComparison.Ordinal)])];
}
