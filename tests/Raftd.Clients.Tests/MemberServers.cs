using Raftd.Cluster.Tests.Support;

namespace Raftd.Clients.Tests;

/// <summary>Members of one cluster.</summary>
/// <param name="count">How many.</param>
/// <param name="hasTls">Clients and peers speak TLS, and clients show a certificate.</param>
public abstract class MemberServers(int count, bool hasTls) : RaftdServers
{
    private MadeCertificates? _certificates;

    internal override (string Name, string Value)[] Variables => [.. base.Variables, .. _certificates?.Variables ?? []];

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _certificates?.Dispose();
    }

    private protected override async Task<TestCluster> StartClusterAsync()
    {
        _certificates = hasTls ? await MadeCertificates.MakeAsync(Scene, count) : null;
        return await TestCluster.StartAsync(Scene, count, label => new Member(
            Scene, label, [.. TestCluster.SmallFiles, .. _certificates?.FlagsOf(label) ?? []])
        {
            Tls = _certificates?.Client,
        });
    }
}

public sealed class OneMember() : MemberServers(1, hasTls: false);

public sealed class OneMemberWithTls() : MemberServers(1, hasTls: true);

public sealed class ThreeMembers() : MemberServers(3, hasTls: false);

public sealed class ThreeMembersWithTls() : MemberServers(3, hasTls: true);
