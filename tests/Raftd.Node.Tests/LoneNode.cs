using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Testing;
using Raftd.Testing.Disks;

namespace Raftd.Node.Tests;

/// <summary>A whole member that founded a cluster of one in a directory of its own; shared by the tests of a class, since
/// founding waits for peers that might know it.</summary>
public sealed class LoneNode : IAsyncLifetime
{
    public const int MaxLeaseKeys = 3;

    private readonly TemporaryDirectory _directory = new();

    public LoneNode() => Node = new RaftdNode(
        FirstNode.Options(_directory.At("data"), "alone") with { MaxLeaseKeys = MaxLeaseKeys }, NullLoggerFactory.Instance);

    public RaftdNode Node { get; }

    /// <summary>Waits until the cluster has the newest level: the entry that raises it comes a moment after the start.</summary>
    public async ValueTask InitializeAsync()
    {
        await Node.StartAsync(TestContext.Current.CancellationToken);
        await Until.TrueAsync("the newest feature level", () => Node.Cluster.Status().FeatureLevel == RaftdNode.NewestFeatureLevel);
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _directory.Dispose();
    }
}
