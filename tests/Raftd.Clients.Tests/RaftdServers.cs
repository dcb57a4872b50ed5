using Raftd.Cluster.Tests.Support;

namespace Raftd.Clients.Tests;

/// <summary>Members of one cluster, each a process.</summary>
/// <param name="count">How many.</param>
/// <param name="hasTls">Clients and peers speak TLS, and clients show a certificate.</param>
public abstract class RaftdServers(int count, bool hasTls) : ClientServers
{
    private TestCluster? _cluster;
    private MadeCertificates? _certificates;
    private readonly List<Member> _killed = [];

    internal override string Endpoints => string.Join(',', _cluster!.Members.Select(static member => member.Address));

    internal override (string Name, string Value)[] Variables => [.. base.Variables, .. _certificates?.Variables ?? []];

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _certificates?.Dispose();
    }

    internal override async Task KillLeaderAsync()
    {
        await ReadyAsync();
        await KillAsync(await _cluster!.LeaderAsync());
    }

    internal override async Task KillMajorityAsync()
    {
        await KillLeaderAsync();
        await KillAsync(_cluster!.Members.Where(static member => member.IsRunning).Take(count / 2));
    }

    internal override async Task ReadyAsync()
    {
        _killed.ForEach(static member => member.Start());
        _killed.Clear();
        await _cluster!.ReadyAsync();
    }

    private async Task KillAsync(params IEnumerable<Member> members)
    {
        _killed.AddRange(members);
        foreach (var member in _killed)
        {
            await member.KillAsync();
        }
    }

    private protected override async Task StartAsync()
    {
        _certificates = hasTls ? await MadeCertificates.MakeAsync(Scene, count) : null;
        _cluster = await TestCluster.StartAsync(Scene, count, label => new Member(
            Scene, label, [.. TestCluster.SmallFiles, .. _certificates?.FlagsOf(label) ?? []])
        {
            Tls = _certificates?.Client,
        });
    }
}

public sealed class OneMember() : RaftdServers(1, hasTls: false);

public sealed class OneMemberWithTls() : RaftdServers(1, hasTls: true);

public sealed class ThreeMembers() : RaftdServers(3, hasTls: false);

public sealed class ThreeMembersWithTls() : RaftdServers(3, hasTls: true);
