using Microsoft.Extensions.Logging;
using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Api;

/// <summary>What every handler may ask.</summary>
internal sealed class ApiServices(
    ApiOptions options,
    IKeyValueService keys,
    ILeaseService leases,
    IClusterService cluster,
    ILoggerFactory loggers)
{
    public ApiOptions Options { get; } = options;

    public IKeyValueService Keys { get; } = keys;

    public ILeaseService Leases { get; } = leases;

    public IClusterService Cluster { get; } = cluster;

    public BodyBudget Bodies { get; } = new(options.MaxBodiesInFlightBytes);

    public HostGuard Hosts { get; } = new(options.AllowedHosts, options.OwnHosts);

    public ILogger Log { get; } = loggers.CreateLogger("Raftd.Api");
}
