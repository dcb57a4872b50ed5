using Raftd.Conformance.Tests;

namespace Raftd.Clients.Tests;

/// <summary>The distribution's etcd, one member: a case that fails here is wrong itself.</summary>
public sealed class OneEtcd : ClientServers
{
    private EtcdServer? _server;

    internal override string Endpoints => _server!.Address;

    internal override string? Lacks => EtcdServer.IsInstalled ? null : "etcd is not installed: apt-get install etcd-server";

    internal override Task KillLeaderAsync() => throw new InvalidOperationException("an etcd of one member has no other leader");

    internal override Task KillMajorityAsync() => throw new InvalidOperationException("an etcd of one member has no minority");

    internal override Task ReadyAsync() => Task.CompletedTask;

    private protected override async Task StartAsync() => _server = await EtcdServer.StartAsync(Scene);
}
