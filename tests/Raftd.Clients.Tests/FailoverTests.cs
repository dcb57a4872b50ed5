namespace Raftd.Clients.Tests;

/// <summary>What takes several members: the leader is moved, and dies under clients that watch, write and hold leases; then no leader
/// is left.</summary>
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

    [Fact]
    public Task Etcdctl_WithoutAMajority_HasEveryCallEnd() => OutlastsAsync(ClientProgram.Etcdctl);

    [Fact]
    public Task Clientv3_WithoutAMajority_HasEveryCallEnd() => OutlastsAsync(ClientProgram.Go);

    [Fact]
    public Task Etcd3OfNpm_WithoutAMajority_HasEveryCallEnd() => OutlastsAsync(ClientProgram.Node);

    [Fact]
    public Task Etcd3OfPython_WithoutAMajority_HasEveryCallEnd() => OutlastsAsync(ClientProgram.Python);

    private async Task OutlastsAsync(ClientProgram program) => Assert.Equal(2, (await RunAsync(program, "majority-loss")).Requests);
}
