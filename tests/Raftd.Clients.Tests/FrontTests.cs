namespace Raftd.Clients.Tests;

public sealed class PostgresFrontsTests(PostgresFronts servers) : ClientTests<PostgresFronts>(servers)
{
    [Fact]
    public Task Etcdctl_MovesTheLeader() => AllPassAsync(ClientProgram.Etcdctl, "move-leader");
}

/// <summary>By tests/long.sh.</summary>
public sealed class MariaDbFrontsTests(MariaDbFronts servers) : ClientTests<MariaDbFronts>(servers)
{
    [Fact(Explicit = true)]
    public override Task Etcdctl_OfTheDistribution_PassesItsCases() => base.Etcdctl_OfTheDistribution_PassesItsCases();

    [Fact(Explicit = true)]
    public override Task Clientv3_OfGo_PassesItsCases() => base.Clientv3_OfGo_PassesItsCases();

    [Fact(Explicit = true)]
    public override Task Etcd3_OfNpm_PassesItsCases() => base.Etcd3_OfNpm_PassesItsCases();

    [Fact(Explicit = true)]
    public override Task Etcd3_OfPython_PassesItsCases() => base.Etcd3_OfPython_PassesItsCases();
}

/// <summary>The front that leads dies under clients; but for one client by tests/long.sh. Fronts need no majority of each other: where two of three are gone, the third goes
/// on, so the case "majority-loss" is not asked of them (docs/etcd-compatibility.md).</summary>
public sealed class FrontDeathTests(MortalFronts servers) : ClientTest<MortalFronts>(servers)
{
    [Fact]
    public Task Clientv3_ThroughALeadersDeath_MissesNothing() => SurvivesAsync(ClientProgram.Go);

    [Fact(Explicit = true)]
    public Task Etcdctl_ThroughALeadersDeath_MissesNothing() => SurvivesAsync(ClientProgram.Etcdctl);

    [Fact(Explicit = true)]
    public Task Etcd3OfNpm_ThroughALeadersDeath_MissesNothing() => SurvivesAsync(ClientProgram.Node);

    [Fact(Explicit = true)]
    public Task Etcd3OfPython_ThroughALeadersDeath_MissesNothing() => SurvivesAsync(ClientProgram.Python);

    [Fact(Explicit = true)]
    public async Task Etcdctl_WithOneFrontLeft_PassesItsCases()
    {
        await Servers.KillMajorityAsync();
        await AllPassAsync(ClientProgram.Etcdctl, "kv", "txn", "watch", "lease", "lock", "elect");
    }
}
