namespace Raftd.Cluster.Tests.Support;

[CollectionDefinition]
public sealed class SharedClusterCollection : ICollectionFixture<SharedCluster>;
