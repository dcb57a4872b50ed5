namespace Raftd.Clients.Tests;

/// <summary>What takes several members: the leader is moved, and dies under clients that watch, write and hold leases.</summary>
public abstract class FailoverTests<TServers>(TServers servers) : ClientTests<TServers>(servers)
    where TServers : ClientServers
{
    [Fact]
    public Task Etcdctl_MovesTheLeader() => AllPassAsync(ClientProgram.Etcdctl, "move-leader");

    [Fact]
    public Task Etcdctl_ThroughALeadersDeath_MissesNothing() => SurvivesAsync(ClientProgram.Etcdctl);

    [Fact]
    public Task Clientv3_ThroughALeadersDeath_MissesNothing() => SurvivesAsync(ClientProgram.Go);

    [Fact]
    public Task Etcd3OfNpm_ThroughALeadersDeath_MissesNothing() => SurvivesAsync(ClientProgram.Node);

    [Fact]
    public Task Etcd3OfPython_ThroughALeadersDeath_MissesNothing() => SurvivesAsync(ClientProgram.Python);

    private async Task SurvivesAsync(ClientProgram program) => Assert.True((await RunAsync(program, "leader-death")).Kills > 0);
}
