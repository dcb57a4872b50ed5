namespace Raftd.Clients.Tests;

/// <summary>Stock clients of etcd, unchanged: each case of their programs passes on every kind of servers.</summary>
public abstract class ClientTests<TServers>(TServers servers) : ClientTest<TServers>(servers)
    where TServers : ClientServers
{
    [Fact]
    public virtual Task Etcdctl_OfTheDistribution_PassesItsCases() => AllPassAsync(
        ClientProgram.Etcdctl,
        "kv", "txn", "compaction", "watch", "lease", "lock", "elect", "member", "endpoint", "alarm", "make-mirror");

    [Fact]
    public virtual Task Clientv3_OfGo_PassesItsCases() => AllPassAsync(
        ClientProgram.Go,
        "kv", "compaction", "watch", "lease", "lease-expiry", "mutex", "election", "namespace", "mirror", "stm", "maintenance");

    [Fact]
    public virtual Task Etcd3_OfNpm_PassesItsCases() => AllPassAsync(
        ClientProgram.Node,
        "crud", "ranges", "txn", "watch", "lease", "lease-expiry", "lock", "election", "namespace", "stm", "maintenance");

    [Fact]
    public virtual Task Etcd3_OfPython_PassesItsCases() => AllPassAsync(
        ClientProgram.Python,
        "crud", "ranges", "txn", "compaction", "watch", "lease", "lease-expiry", "lock", "maintenance");

    /// <summary>A minute of it, so only where it is asked for: `tests/long.sh clients`.</summary>
    [Fact(Explicit = true)]
    public Task Etcdctl_CheckPerf_EndsWithItsReport() => AllPassAsync(ClientProgram.Etcdctl, "check-perf");
}
