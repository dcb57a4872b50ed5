using System.Diagnostics;
using System.Text.RegularExpressions;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing.Processes;

namespace Raftd.Conformance.Tests;

/// <summary>The distribution's etcdctl, unchanged, against raftd: what it prints is what it prints against etcd.</summary>
public sealed partial class EtcdctlTests(ITestOutputHelper output)
{
    private const string Install = "etcdctl or etcd is not installed: apt-get install etcd-client etcd-server";

    /// <summary>One shell line each; what depends on ids and times is left out of the comparison.</summary>
    private static readonly string[] Lines =
    [
        "etcdctl put greeting hello",
        "etcdctl put greeting world --prev-kv",
        "etcdctl get greeting",
        "etcdctl get greeting -w json",
        "etcdctl get greeting --rev 2 --print-value-only",
        "etcdctl get greeting --rev 99",
        "for i in 3 1 2; do etcdctl put list/$i value$i; done",
        "etcdctl get list/ --prefix",
        "etcdctl get list/ --prefix --keys-only --order=DESCEND",
        "etcdctl get list/ --prefix --sort-by=CREATE --order=ASCEND --limit=2",
        "etcdctl get list/1 list/3",
        "etcdctl get --from-key list/2",
        "etcdctl get list/ --prefix --count-only -w fields | grep Count",
        "etcdctl put --ignore-lease greeting again",
        "etcdctl put --ignore-lease nothing there",
        "etcdctl del list/1 --prev-kv",
        "etcdctl del list/ --prefix",
        "etcdctl del nothing",
        "printf 'mod(\"greeting\") > \"0\"\\n\\nput won yes\\nget greeting\\n\\nput lost yes\\n\\n' | etcdctl txn",
        "printf 'value(\"greeting\") = \"other\"\\n\\nput won no\\n\\ndel won\\nget won\\n\\n' | etcdctl txn",
        "printf '\\nput twice 1\\nput twice 2\\n\\n\\n' | etcdctl txn",
        "etcdctl lease grant 600 | sed 's/lease [0-9a-f]*/lease ID/'",
        "etcdctl lease revoke 1234",
        "etcdctl lease timetolive 1234",
        "id=$(etcdctl lease grant 600 | cut -d' ' -f2); etcdctl put leased value --lease=$id; etcdctl lease keep-alive --once $id | "
            + "sed \"s/$id/ID/\"; etcdctl lease timetolive $id --keys | sed \"s/$id/ID/; s/remaining([0-9]*s)/remaining/\"; "
            + "etcdctl lease revoke $id | sed \"s/$id/ID/\"; etcdctl get leased",
        "etcdctl put greeting --lease=1234 -- late",
        "timeout 2 etcdctl watch greeting --rev 2 -w simple",
        "timeout 2 etcdctl watch list/ --prefix --rev 1 --prev-kv",
        "etcdctl compaction 5",
        "etcdctl compaction 5",
        "etcdctl compaction 999",
        "etcdctl get greeting --rev 3",
        "timeout 2 etcdctl watch greeting --rev 3",
        "etcdctl endpoint hashkv | sed 's/, [0-9]*$/, HASH/'",
        "etcdctl endpoint hashkv -w json | sed 's/\"hash\":[0-9]*/\"hash\":0/'",
        "etcdctl endpoint hashkv --rev 3",
        "etcdctl endpoint hashkv --rev 99",
        "f=$(mktemp -u); etcdctl snapshot save $f 2>/dev/null | sed \"s|$f|FILE|\"; echo $(($(stat -c %s $f) % 512)); rm $f",
        "etcdctl defrag",
        "etcdctl put '' nothing",
        "etcdctl endpoint health 2>&1 | sed 's/took = .*//'",
        "etcdctl alarm list",
        "etcdctl alarm disarm",
        "etcdctl auth status",
        "etcdctl lock busy echo locked",
        "timeout 2 etcdctl elect boss me | sed 's/[0-9a-f]*$//'",
        "etcdctl get boss --prefix --keys-only | sed 's/[0-9a-f]*$//'",
        "etcdctl endpoint status -w fields | grep -cE '\"(Leader|RaftTerm|DBSize)\" : [1-9]'",
        "etcdctl member list -w simple | cut -d, -f2,6 | sort -u",
    ];

    [Theory]
    [InlineData(Deployment.OneMember)]
    [InlineData(Deployment.PostgresFronts, Traits = new[] { "Database", "postgres" })]
    [InlineData(Deployment.MariaDbFronts, Traits = new[] { "Database", "mysql" })]
    public async Task Transcript_OnRaftd_IsThatOnEtcd(Deployment deployment)
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, Install);
        await Build.EnsureAsync();
        await using var scene = new Scene();
        var etcd = await EtcdServer.StartAsync(scene);
        var raftd = await Deployments.StartAsync(scene, deployment);
        var differences = new List<string>();
        foreach (var line in Lines.Where(line => KnownDifferences.IsAsked(line, deployment)))
        {
            var (expected, actual) = (await RunAsync(line, etcd.Address), await RunAsync(line, raftd[0].Address));
            if (expected != actual)
            {
                differences.Add($"$ {line}\netcd:\n{expected}\nraftd:\n{actual}\n");
            }
        }

        output.WriteLine($"{Lines.Length} lines");
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    [Fact]
    public async Task Cluster_OfThree_IsListed_AndItsLeaderMoves()
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, Install);
        await Build.EnsureAsync();
        await using var scene = new Scene();
        var cluster = await TestCluster.StartAsync(scene, 3);
        var all = string.Join(',', cluster.Members.Select(static member => member.Address));

        var members = await RunAsync("etcdctl member list", all);
        Assert.Equal(3, Regex.Count(members, "started"));
        Assert.Equal(3, Regex.Count(await RunAsync("etcdctl endpoint health", all), "is healthy"));
        Assert.Equal(3, Regex.Count(await RunAsync("etcdctl endpoint status", all), Regex.Escape("http://") + "|127.0.0.1"));
        await RunAsync("etcdctl put one 1", cluster[1].Address);
        Assert.Contains("1", await RunAsync("etcdctl get one --print-value-only", cluster[2].Address), StringComparison.Ordinal);

        var hashes = (await RunAsync("etcdctl endpoint hashkv --cluster", all)).Split('\n')
            .Where(static line => line.StartsWith("http://127.0.0.1:", StringComparison.Ordinal))
            .Select(static line => line.Split(", ")[1])
            .ToList();
        Assert.Equal(3, hashes.Count);
        Assert.All(hashes, hash => Assert.Equal(hashes[0], hash));

        var defragmented = await RunAsync("etcdctl defrag --cluster", all);
        Assert.Equal(3, Regex.Count(defragmented, "Finished defragmenting etcd member"));

        var follower = await cluster.FollowerAsync();
        var id = (await follower.StatusAsync()).MemberId;
        var moved = await RunAsync($"etcdctl move-leader {ulong.Parse(id, System.Globalization.CultureInfo.InvariantCulture):x}", all);
        Assert.Contains("Leadership transferred", moved, StringComparison.Ordinal);
        Assert.Equal(follower, await cluster.LeaderAsync());
    }

    private static async Task<string> RunAsync(string line, string endpoints)
    {
        var run = await Subprocess.RunAsync(new ProcessStartInfo("bash", ["-c", line])
        {
            Environment = { ["ETCDCTL_API"] = "3", ["ETCDCTL_ENDPOINTS"] = endpoints, ["LC_ALL"] = "C" },
        });
        var text = $"{run.Output}{run.Error}(exit {run.Code})";
        return Changing().Replace(text.Replace(endpoints, "SERVER", StringComparison.Ordinal), "${name}");
    }

    /// <summary>Ids, terms, and the clock of the client's log.</summary>
    [GeneratedRegex(
        """(?<name>"(cluster_id|member_id|raft_term)":)[0-9]+|(?<name>"ts":"|"target":"endpoint://client-)[^"]*""",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Changing();
}
