using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node;
using Raftd.State.Commands;

namespace Raftd.Api.Tests.Contract;

/// <summary>The contract on the store that the tests of the faces stand on.</summary>
public sealed class InMemoryContractTests : StoreContract
{
    private static readonly InMemoryStore Store = new(TimeProvider.System);
    private static readonly InMemoryCluster Members = new(Store);

    private protected override IKeyValueService Keys => Store;

    private protected override ILeaseService Leases => Store;

    private protected override IListService Lists => Store;

    private protected override IClusterService Cluster => Members;
}

/// <summary>The contract on a member of the product, alone.</summary>
public sealed class MemberContractTests(LoneMember member) : StoreContract, IClassFixture<LoneMember>
{
    private protected override IKeyValueService Keys => member.Node.KeyValues;

    private protected override ILeaseService Leases => member.Node.Leases;

    private protected override IListService Lists => member.Node.Lists;

    private protected override IClusterService Cluster => member.Node.Cluster;
}

/// <summary>A member in this process that leads a cluster of its own.</summary>
public sealed class LoneMember : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("raftd-contract-");

    public LoneMember() => Node = new RaftdNode(
        new NodeOptions
        {
            DataDirectory = _directory.FullName,
            Label = "alone",
            AdvertisedHttpAddress = "127.0.0.1:1",
            AdvertisedPeerAddress = "127.0.0.1:1",
            PeerEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            Join = [],
            Version = "test",
        },
        NullLoggerFactory.Instance);

    public RaftdNode Node { get; }

    public async ValueTask InitializeAsync()
    {
        await Node.StartAsync(TestContext.Current.CancellationToken);

        // A new cluster begins at the first feature level, which has no transactions.
        await InMemoryHost.EventuallyAsync(() => Node.Cluster.Status().FeatureLevel, FeatureLevel.Newest, "feature level");
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
