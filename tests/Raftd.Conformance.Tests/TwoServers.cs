using System.Globalization;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Conformance.Tests;

/// <summary>A new etcd and a new raftd of one member, which are sent the same.</summary>
internal sealed class TwoServers : IAsyncDisposable
{
    private readonly Scene _scene = new();

    private TwoServers()
    {
    }

    /// <summary>How many requests the differential test sends; tests/long.sh asks for more.</summary>
    public static int Requests => int.Parse(
        Environment.GetEnvironmentVariable("RAFTD_TEST_DIFFERENTIAL") ?? "20000", CultureInfo.InvariantCulture);

    /// <summary>The same in each run of the gate; tests/long.sh draws one.</summary>
    public static int Seed => int.Parse(Environment.GetEnvironmentVariable("RAFTD_TEST_SEED") ?? "1", CultureInfo.InvariantCulture);

    public GrpcPeer Etcd { get; private set; } = null!;

    public GrpcPeer Raftd { get; private set; } = null!;

    /// <summary>Skips the test where there is no etcd.</summary>
    public static async Task<TwoServers> StartAsync()
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, "etcd is not installed: apt-get install etcd-server");
        await Build.EnsureAsync();
        var servers = new TwoServers();
        try
        {
            servers.Etcd = new GrpcPeer((await EtcdServer.StartAsync(servers._scene)).Address);
            servers.Raftd = new GrpcPeer((await TestCluster.StartAsync(servers._scene, 1))[0].Address);
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
        Raftd?.Dispose();
        await _scene.DisposeAsync();
    }
}
