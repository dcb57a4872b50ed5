using Raftd.Api.Http;
using Raftd.Api.Rest;
using Raftd.Contract;

namespace Raftd.Api;

/// <summary>The bucket that a call is in: its services, and what its requests share.</summary>
internal sealed class Keyspace(BucketServices services, ByteBudget answers)
{
    public IKeyValueService Keys => services.Keys;

    public ILeaseService Leases => services.Leases;

    public IWatchService Watches => services.Watches;

    public IClusterService Cluster => services.Cluster;

    public IGroupService Group => services.Group;

    public IMaintenanceService Maintenance => services.Maintenance;

    public IListService Lists => services.Lists;

    public SharedValues Values { get; } = new(services.Keys, answers);

    public KeyTurns Turns { get; } = new();

    /// <summary>What stands before the paths of this bucket; nothing for the default one.</summary>
    public string Prefix { get; } = services.Name == BucketNames.Default ? "" : $"/b/{services.Name}";
}
