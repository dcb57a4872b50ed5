using System.Globalization;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Conformance.Tests;

/// <summary>A new etcd and a new raftd, which are sent the same.</summary>
internal sealed class TwoServers : IAsyncDisposable
{
    private readonly Scene _scene = new();

    private TwoServers()
    {
    }

    /// <summary>How many requests the differential test sends; tests/long.sh asks for more. A write through a database takes its
    /// time, so fronts are sent fewer.</summary>
    public static int RequestsTo(Deployment deployment) => int.Parse(
        Environment.GetEnvironmentVariable("RAFTD_TEST_DIFFERENTIAL") ?? "20000", CultureInfo.InvariantCulture)
        / (deployment == Deployment.OneMember ? 1 : 10);

    /// <summary>The same in each run of the gate; tests/long.sh draws one.</summary>
    public static int Seed => int.Parse(Environment.GetEnvironmentVariable("RAFTD_TEST_SEED") ?? "1", CultureInfo.InvariantCulture);

    public GrpcPeer Etcd { get; private set; } = null!;

    /// <summary>One member, or all fronts of a database.</summary>
    public IReadOnlyList<GrpcPeer> Raftd { get; private set; } = [];

    /// <summary>Skips the test where there is no etcd.</summary>
    public static async Task<TwoServers> StartAsync(Deployment deployment)
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, "etcd is not installed: apt-get install etcd-server");
        await Build.EnsureAsync();
        var servers = new TwoServers();
        try
        {
            servers.Etcd = new GrpcPeer((await EtcdServer.StartAsync(servers._scene)).Address);
            var cluster = await Deployments.StartAsync(servers._scene, deployment);
            servers.Raftd = [.. cluster.Members.Select(static member => new GrpcPeer(member.Address))];
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Etcd?.Dispose();
        foreach (var peer in Raftd)
        {
            peer.Dispose();
        }

        await _scene.DisposeAsync();
    }
}
