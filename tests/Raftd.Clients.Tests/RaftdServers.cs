using Raftd.Cluster.Tests.Support;

namespace Raftd.Clients.Tests;

/// <summary>Members of one cluster, or fronts of one database, each a process.</summary>
public abstract class RaftdServers : ClientServers
{
    private readonly List<Member> _killed = [];
    private TestCluster? _cluster;

    internal override string Endpoints => string.Join(',', _cluster!.Members.Select(static member => member.Address));

    internal override async Task KillLeaderAsync()
    {
        await ReadyAsync();
        await KillAsync(await _cluster!.LeaderAsync());
    }

    internal override async Task KillMajorityAsync()
    {
        await KillLeaderAsync();
        await KillAsync(_cluster!.Members.Where(static member => member.IsRunning).Take(_cluster.Members.Count / 2));
    }

    internal override async Task ReadyAsync()
    {
        _killed.ForEach(static member => member.Start());
        _killed.Clear();
        await _cluster!.ReadyAsync();
    }

    private protected abstract Task<TestCluster> StartClusterAsync();

    private protected override async Task StartAsync() => _cluster = await StartClusterAsync();

    private async Task KillAsync(params IEnumerable<Member> members)
    {
        _killed.AddRange(members);
        foreach (var member in _killed)
        {
            await member.KillAsync();
        }
    }
}
