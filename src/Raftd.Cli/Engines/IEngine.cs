using Raftd.Contract;

namespace Raftd.Cli.Engines;

/// <summary>What stands behind the client address: a member with data of its own, or a front over a database. Started once, disposed
/// once.</summary>
internal interface IEngine : IAsyncDisposable
{
    IKeyValueService KeyValues { get; }

    ILeaseService Leases { get; }

    IWatchService Watches { get; }

    IClusterService Cluster { get; }

    IGroupService Group { get; }

    IMaintenanceService Maintenance { get; }

    IListService Lists { get; }

    /// <summary>Null for an engine with one keyspace.</summary>
    IBucketService? Buckets { get; }

    /// <summary>The client address that it gives to others.</summary>
    string AdvertisedHttpAddress { get; }

    /// <summary>Completes when the process must end at once.</summary>
    Task<FatalError> Failed { get; }

    /// <exception cref="FatalException">It cannot start.</exception>
    Task StartAsync(CancellationToken stop);

    /// <summary>Before a planned stop: another one takes the lead, where there is one.</summary>
    Task HandOverAsync();

    /// <summary>Before a planned stop: ends the watches, whose clients go on elsewhere.</summary>
    void EndWatches();
}
