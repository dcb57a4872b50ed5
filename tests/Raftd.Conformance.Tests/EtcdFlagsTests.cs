using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Conformance.Tests;

/// <summary>Clusters that are made and grow as etcd's are: with its flags, and with `etcdctl member add`.</summary>
public sealed partial class EtcdFlagsTests(ITestOutputHelper output)
{
    private const string Install = "etcdctl is not installed: apt-get install etcd-client";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>As a unit file of etcd has it on each of three machines, which start in any order.</summary>
    [Fact]
    public async Task Members_StartedWithTheSameInitialCluster_AreOneCluster()
    {
        await Build.EnsureAsync();
        await using var scene = new Scene();
        Machine[] machines = [new("a"), new("b"), new("c")];
        var all = string.Join(',', machines.Select(static machine => $"{machine.Name}={machine.PeerUrl}"));
        foreach (var machine in machines.Reverse())
        {
            machine.Start(scene, all, "new");
        }

        await VotersAsync(machines[0], machines);
    }

    [Fact]
    public async Task Member_AddedByEtcdctl_StartsWithWhatItPrints()
    {
        await using var scene = new Scene();
        var machines = await FirstOfTwoAsync(scene);
        var added = await EtcdctlAsync(machines[0], $"member add second --peer-urls={machines[1].PeerUrl}");
        output.WriteLine(added);
        var cluster = Printed().Match(added);
        Assert.True(cluster.Success, added);
        Assert.Contains("unstarted", await EtcdctlAsync(machines[0], "member list"), StringComparison.Ordinal);
        machines[1].Start(scene, cluster.Groups["cluster"].Value, cluster.Groups["state"].Value);
        await VotersAsync(machines[0], machines);
    }

    /// <summary>A learner that etcd's client adds votes only when it says so.</summary>
    [Fact]
    public async Task Learner_AddedByEtcdctl_VotesOncePromoted()
    {
        await using var scene = new Scene();
        var machines = await FirstOfTwoAsync(scene);
        var added = await EtcdctlAsync(machines[0], $"member add second --learner --peer-urls={machines[1].PeerUrl}");
        var printed = Printed().Match(added);
        Assert.True(printed.Success, added);
        machines[1].Start(scene, printed.Groups["cluster"].Value, printed.Groups["state"].Value);
        await Until.TrueAsync("the learner is listed with its name", Limit, async () =>
            (await EtcdctlAsync(machines[0], "member list")).Contains(", started, second, ", StringComparison.Ordinal));

        var id = added.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]; // Member 91bc3c398fb3c146 added …
        await Until.TrueAsync("it has caught up and is promoted", Limit, async () =>
            (await EtcdctlAsync(machines[0], $"member promote {id}")).Contains("promoted in cluster", StringComparison.Ordinal));
        await VotersAsync(machines[0], machines);
    }

    /// <summary>Two machines, of which the first runs and has a cluster of its own.</summary>
    private static async Task<Machine[]> FirstOfTwoAsync(Scene scene)
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, Install);
        await Build.EnsureAsync();
        Machine[] machines = [new("first"), new("second")];
        machines[0].Start(scene, $"first={machines[0].PeerUrl}", "new");
        await VotersAsync(machines[0], machines[..1]);
        return machines;
    }

    /// <summary>All are listed as started and voting, and what one writes another reads.</summary>
    private static async Task VotersAsync(Machine asked, Machine[] machines)
    {
        await Until.TrueAsync("all members vote", Limit, async () =>
        {
            Assert.All(machines, static machine => machine.RequireRunning());
            var list = await EtcdctlAsync(asked, "member list");
            return machines.All(machine => list.Contains(
                $", started, {machine.Name}, {machine.PeerUrl}, {machine.ClientUrl}, false", StringComparison.Ordinal));
        });
        await EtcdctlAsync(asked, "put key value");
        Assert.StartsWith("value", await EtcdctlAsync(machines[^1], "get key --print-value-only"), StringComparison.Ordinal);
    }

    private static async Task<string> EtcdctlAsync(Machine machine, string arguments)
    {
        var run = await Subprocess.RunAsync(new ProcessStartInfo("bash", ["-c", $"etcdctl {arguments}"])
        {
            Environment = { ["ETCDCTL_API"] = "3", ["ETCDCTL_ENDPOINTS"] = machine.ClientUrl },
        });
        return run.Output + run.Error;
    }

    [GeneratedRegex(
        """ETCD_INITIAL_CLUSTER="(?<cluster>[^"]+)"[^$]*ETCD_INITIAL_CLUSTER_STATE="(?<state>[a-z]+)""",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Printed();

    /// <summary>One member, as etcd's flags start it.</summary>
    private sealed class Machine(string name)
    {
        private Process? _process;
        private string _log = "";

        public string Name => name;

        public string ClientUrl { get; } = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Ports.Free()}");

        public string PeerUrl { get; } = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Ports.Free()}");

        public void RequireRunning()
        {
            if (_process is { HasExited: true })
            {
                Assert.Fail($"{name} ended: {File.ReadAllText(_log)}");
            }
        }

        public void Start(Scene scene, string cluster, string state)
        {
            _log = scene.PathOf(name + ".log");
            _process = scene.StartLogged(
                _log,
                [
                    Checkout.Launcher, "--name", name, "--data-dir", scene.PathOf(name), "--listen-client-urls", ClientUrl,
                    "--advertise-client-urls", ClientUrl, "--listen-peer-urls", PeerUrl, "--initial-advertise-peer-urls", PeerUrl,
                    "--initial-cluster", cluster, "--initial-cluster-state", state, "--initial-cluster-token", "of-this-test",
                    .. TestCluster.SmallFiles,
                ]);
        }
    }
}
