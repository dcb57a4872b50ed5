using Raftd.Api.Wire;

namespace Raftd.Benchmarks.Etcd;

/// <summary>A cluster of either product, each member a process of this machine, with its defaults.</summary>
internal sealed class Contender : IDisposable
{
    public const string Raftd = "raftd";

    private readonly ServerProcess[] _members;

    private Contender(string name, ServerProcess[] members, ServerProcess leader)
    {
        Name = name;
        _members = members;
        Url = leader.Url;
    }

    public string Name { get; }

    /// <summary>Of the leader: at another member the call would be forwarded, and its cost would be that of two members.</summary>
    public string Url { get; }

    /// <summary>Of all members, so far.</summary>
    public TimeSpan CpuTime => _members.Aggregate(TimeSpan.Zero, static (sum, member) => sum + member.CpuTime);

    /// <summary>A server that somebody else has started, and will end.</summary>
    public static Contender Of(string name, ServerProcess server) => new(name, [server], server);

    public static async Task<Contender> StartRaftdAsync(BenchmarkOptions options, int members)
    {
        var port = options.Port;
        List<ServerProcess> started = [];
        for (var member = 0; member < members; member++)
        {
            started.Add(await ServerProcess.StartMemberAsync(
                Suite.Fresh(options, $"raftd{member}"), port + member, member == 0 ? null : port));
        }

        if (members > 1)
        {
            await ClusterBenchmark.WaitForVotersAsync(started[0]);
        }

        return new Contender(Raftd, [.. started], started[0]);
    }

    public static async Task<Contender> StartEtcdAsync(BenchmarkOptions options, int members)
    {
        // The first of them are raftd's.
        var ports = Enumerable.Range(options.Port + 10, members).ToArray();
        var started = await Task.WhenAll(ports.Select((port, member) => ServerProcess.StartEtcdAsync(
            Suite.Fresh(options, $"etcd{member}"), port, ports)));
        return new Contender("etcd", started, await LeaderOfAsync(started));
    }

    public void Dispose()
    {
        foreach (var member in _members)
        {
            member.Dispose();
        }
    }

    private static async Task<ServerProcess> LeaderOfAsync(ServerProcess[] members)
    {
        foreach (var member in members)
        {
            using var client = new EtcdClient(member.Url);
            var status = await client.CallAsync("etcdserverpb.Maintenance/Status", new StatusRequest(), StatusResponse.Parser);
            if (status.Leader == status.Header.MemberId)
            {
                return member;
            }
        }

        throw new BenchmarkException($"none of the {members.Length} members of etcd leads");
    }
}
