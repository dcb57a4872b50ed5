using Raftd.Contract;

namespace Raftd.State.Rights;

/// <summary>All that an engine answers.</summary>
internal interface IEngineService
    : IKeyValueService, ILeaseService, IWatchService, IClusterService, IGroupService, IMaintenanceService, IListService;
