// Members that have a wire between them, and the test in the middle of it.
//
// Each member lives in a network namespace of its own with two cards. One leads to the clients, a plain cable to which
// nothing is ever done. The other leads to the other members, 198.18.0.1 and so on: its far end lies in the namespace of the
// tests without an address, and a Switch reads it. Members tell each other and their clients the addresses of the second
// card, so what a follower forwards to its leader goes by the switch too; clients here ask each member by its first card.
//
// The cards leave nothing to others (no checksums, no segments to be made later), or the switch would see frames that are
// not whole. Names and client addresses have the process id in them: several runs on one machine do not meet.

using System.Globalization;
using System.Text;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests.Wire;

internal sealed class WiredCluster
{
    private const int HttpPort = 7200;
    private const int RaftPort = 8200;

    // Of runs that were killed: of processes that are no more.
    private const string RemoveLeftOvers = """
        for name in $(ip netns list | grep -oE '^rd[0-9]+n[0-9]+'); do
          pid=${name#rd}
          [ -d /proc/${pid%n*} ] || { ip link del ${name}c; ip link del ${name}p; ip netns del $name; } 2>/dev/null
        done

        """;

    private WiredCluster(TestCluster members, Switch wire)
    {
        Members = members;
        Wire = wire;
    }

    public TestCluster Members { get; }

    public Switch Wire { get; }

    /// <summary>All members, ready. Skips the test where the machine does not allow it.</summary>
    public static async Task<WiredCluster> StartAsync(Scene scene, int count, int seed, params string[] flags)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, to make network namespaces");
        var names = Enumerable.Range(1, count).Select(number => string.Create(CultureInfo.InvariantCulture, $"rd{Environment.ProcessId}n{number}")).ToArray();

        // Before they are made: what is there of them goes in any case.
        scene.OnEnd(() => scene.ShellAsync(RemoveAll(names)));
        var made = await scene.ShellAsync(MakeAll(names));
        Assert.SkipUnless(made.Code == 0, $"this machine does not let a test make network namespaces and cards: {made.Error.Trim()}");
        var wire = new Switch([.. names.Select(name => name + "p")], seed);
        scene.OnEnd(() =>
        {
            wire.Dispose();
            return Task.CompletedTask;
        });
        var cluster = new WiredCluster(new TestCluster(scene), wire);
        for (var port = 0; port < count; port++)
        {
            var member = scene.AddMember(Place(scene, port, names[port], flags));
            cluster.Members.Members.Add(member);
            await member.Start().ReadyAsync();
        }

        await cluster.Members.ReadyAsync();
        return cluster;
    }

    /// <summary>What goes one way, from the next frame on.</summary>
    public void Set(Member from, Member to, Link link) => Wire.Set(PortOf(from), PortOf(to), link);

    /// <summary>All that goes to and from a member.</summary>
    public void SetAround(Member member, Link link)
    {
        foreach (var other in Members.Except(member))
        {
            SetBetween(member, other, link);
        }
    }

    public void SetBetween(Member one, Member other, Link link)
    {
        Set(one, other, link);
        Set(other, one, link);
    }

    public long BytesForwarded(Member from, Member to) => Wire.BytesForwarded(PortOf(from), PortOf(to));

    public void Heal() => Wire.SetAll(Link.Good);

    private static Member Place(Scene scene, int port, string name, string[] flags) =>
        new(scene, string.Create(CultureInfo.InvariantCulture, $"node{port + 1:00}"), flags.Length > 0 ? flags : TestCluster.SmallFiles)
        {
            HttpPort = HttpPort,
            RaftPort = RaftPort,
            Host = ClientAddress(port).Member,
            PeerHost = PeerAddress(port),
            Prefix = ["nsenter", "--net=/run/netns/" + name],
            Join = port == 0 ? null : $"{PeerAddress(0)}:{HttpPort}",
        };

    private int PortOf(Member member) => Members.Members.IndexOf(member);

    // Cards in pairs: NAMEc here and "clients" there, NAMEp here and "peers" there.
    private static string MakeAll(string[] names)
    {
        var script = new StringBuilder(RemoveLeftOvers).AppendLine("set -e");
        for (var port = 0; port < names.Length; port++)
        {
            var (name, (ours, members)) = (names[port], ClientAddress(port));
            script.AppendLine(CultureInfo.InvariantCulture, $"""
                ip netns add {name}
                ip link add {name}c type veth peer name clients netns {name}
                ip link add {name}p type veth peer name peers netns {name} address {HardwareAddress(port)}
                sysctl -qw net.ipv6.conf.{name}p.disable_ipv6=1
                ip addr add {ours}/31 dev {name}c
                ip link set {name}c up
                ip link set {name}p up
                ethtool -K {name}p gro off >/dev/null
                nsenter --net=/run/netns/{name} bash -e <<'INSIDE'
                sysctl -qw net.ipv6.conf.all.disable_ipv6=1
                ip link set lo up
                ip addr add {members}/31 dev clients
                ip addr add {PeerAddress(port)}/24 dev peers
                ip link set clients up
                ip link set peers up
                ethtool -K peers tx off tso off gso off gro off >/dev/null
                """);
            foreach (var other in Enumerable.Range(0, names.Length).Where(other => other != port))
            {
                script.AppendLine(CultureInfo.InvariantCulture, $"ip neigh add {PeerAddress(other)} lladdr {HardwareAddress(other)} dev peers nud permanent");
            }

            script.AppendLine("INSIDE");
        }

        return script.ToString();
    }

    // A card goes with the other end of its cable, and with its namespace; both, since a process may keep the namespace.
    private static string RemoveAll(string[] names) =>
        string.Join('\n', names.Select(name => $"ip link del {name}c; ip link del {name}p; ip netns del {name}"));

    private static string HardwareAddress(int port) => string.Create(CultureInfo.InvariantCulture, $"02:00:00:00:00:{port + 1:x2}");

    private static string PeerAddress(int port) => string.Create(CultureInfo.InvariantCulture, $"198.18.0.{port + 1}");

    // Of 198.19.0.0/16, for tests of networks as 198.18.0.0/16 is (RFC 2544): 16 addresses a process, two a member.
    private static (string Ours, string Member) ClientAddress(int port)
    {
        var last = (Environment.ProcessId % 4096 * 16) + (port * 2);
        return (string.Create(CultureInfo.InvariantCulture, $"198.19.{last / 256}.{last % 256}"),
            string.Create(CultureInfo.InvariantCulture, $"198.19.{(last + 1) / 256}.{(last + 1) % 256}"));
    }
}
