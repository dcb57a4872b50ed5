using System.Diagnostics;
using Raftd.Testing.Processes;

namespace Raftd.Clients.Tests;

/// <summary>A program of tests/clients: what it needs, how it is made ready, and the command line that the names of cases follow.</summary>
internal sealed class ClientProgram
{
    private readonly Lazy<Task> _ready;

    private ClientProgram(string client, string[] needs, string[] command, Func<Task>? prepare = null)
    {
        Client = client;
        Needs = needs;
        Command = command;
        _ready = new Lazy<Task>(prepare ?? (static () => Task.CompletedTask));
    }

    public static ClientProgram Etcdctl { get; } = new("etcdctl", ["etcdctl"], ["bash", At("etcdctl/clients.sh")]);

    public static ClientProgram Go { get; } = new("clientv3", ["go", GoSource + "/clientv3/client.go"], [GoProgram], BuildGoAsync);

    public static ClientProgram Node { get; } = new("npm etcd3", ["node", "npm"], ["node", At("node/clients.mjs")], InstallPackagesAsync);

    public static ClientProgram Python { get; } = new(
        "python3-etcd3", ["/usr/lib/python3/dist-packages/etcd3/client.py"], ["/usr/bin/python3", "-B", At("python/clients.py")]);

    public string Client { get; }

    public string[] Command { get; }

    /// <summary>Files, or commands that the path leads to.</summary>
    private string[] Needs { get; }

    // Debian's packages of Go are sources in a GOPATH of their own.
    private static string GoPath => "/usr/share/gocode";

    private static string GoSource => GoPath + "/src/go.etcd.io/etcd";

    private static string GoProgram => Checkout.At("out/clients/go");

    /// <summary>Builds or installs what it needs, once; skips the test where the machine lacks it.</summary>
    public Task ReadyAsync()
    {
        var lacking = Needs.Where(static need => !IsThere(need)).ToArray();
        Assert.SkipWhen(lacking.Length > 0, $"{Client} needs {string.Join(", ", lacking)}; docs/testing/clients.md names the packages");
        return _ready.Value;
    }

    private static bool IsThere(string need) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, need)));

    private static string At(string path) => Checkout.At("tests/clients/" + path);

    private static Task BuildGoAsync() => RunAsync(new ProcessStartInfo("go", ["build", "-o", GoProgram, "."])
    {
        WorkingDirectory = At("go"),
        Environment = { ["GO111MODULE"] = "off", ["GOPATH"] = GoPath, ["CGO_ENABLED"] = "0" }, // no C compiler is needed
    });

    /// <remarks>npm leaves the list of what it has installed, so that the packages are fetched once for each state of the lock file.</remarks>
    private static Task InstallPackagesAsync()
    {
        var installed = At("node/node_modules/.package-lock.json");
        return File.GetLastWriteTimeUtc(installed) >= File.GetLastWriteTimeUtc(At("node/package-lock.json"))
            ? Task.CompletedTask
            : RunAsync(new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]) { WorkingDirectory = At("node") });
    }

    private static async Task RunAsync(ProcessStartInfo start)
    {
        var run = await Subprocess.RunAsync(start);
        Assert.True(run.Code == 0, $"{start.FileName} {string.Join(' ', start.ArgumentList)}: {run}");
    }
}
