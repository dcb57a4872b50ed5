using Microsoft.Extensions.Logging;
using Raftd.Cli.Settings;
using Raftd.Contract;
using Raftd.Peers.Http;
using Raftd.Sql;
using Raftd.Sql.Fronts;

namespace Raftd.Cli.Engines;

/// <summary>A front over a database, which has all the data.</summary>
internal sealed class FrontEngine : IEngine
{
    private const string Mending = "mend that, and start again; docs/sql-engine.md says what is checked at the start";

    private readonly SqlFront _front;

    private FrontEngine(SqlTarget target, SqlFrontOptions options, ILoggerFactory loggers)
    {
        _front = SqlFront.Over(target, options, loggers);
        AdvertisedHttpAddress = options.AdvertisedHttpAddress;
        Failed = FailedAsync();
    }

    public IKeyValueService KeyValues => _front.KeyValues;

    public ILeaseService Leases => _front.Leases;

    public IWatchService Watches => _front.Watches;

    public IClusterService Cluster => _front.Cluster;

    public IGroupService Group => _front.Group;

    public IMaintenanceService Maintenance => _front.Maintenance;

    public IListService Lists => _front.Lists;

    public IBucketService? Buckets => _front.Buckets;

    public string AdvertisedHttpAddress { get; }

    public Task<FatalError> Failed { get; }

    /// <param name="settings">Valid.</param>
    /// <param name="store">Of the settings.</param>
    /// <param name="tls">Of its ports.</param>
    /// <param name="loggers">For all of its parts.</param>
    /// <param name="logger">Of the executable: told of addresses and open ports.</param>
    /// <exception cref="FatalException">The password cannot be read.</exception>
    public static FrontEngine Of(ServerSettings settings, StoreSettings store, MemberTls tls, ILoggerFactory loggers, ILogger logger)
    {
        var target = PasswordFile.Complete(store);

        // Redirects lead from any machine to any other: of several addresses, one that others can reach.
        var machine = Advertise.MachineAddresses();
        var http = Advertise.Resolve(settings.HttpAddress, settings.AdvertiseHttpAddress, joined: true, machine);
        CliLog.StartingFront(logger, settings.Id, settings.HttpAddress, target.ToString(), http);
        OpenPorts.WarnOfClients(settings, logger);
        var options = OptionsOf(settings, http);
        if (!store.HasPeerAddress)
        {
            CliLog.NoFrontsReachIt(logger);
            return new FrontEngine(target, options with { PeerTls = tls.Peers }, loggers);
        }

        var peers = Advertise.Resolve(settings.RaftAddress, settings.AdvertiseRaftAddress, joined: true, machine);
        CliLog.FrontsReachIt(logger, peers);
        OpenPorts.WarnOfFronts(settings, peers, logger);
        options = options with
        {
            PeerEndPoint = EndPoints.Of(settings.RaftAddress),
            AdvertisedPeerAddress = peers.ToString(),
            PeerTls = tls.Peers,
        };
        return new FrontEngine(target, options, loggers);
    }

    public async Task StartAsync(CancellationToken stop)
    {
        try
        {
            await _front.StartAsync(stop);
        }
        catch (FrontRefusedException refusal)
        {
            throw new FatalException(new FatalError(ExitCode.DatabaseRefused, refusal.Message, Mending));
        }
        catch (PeerAddressTakenException taken)
        {
            throw new FatalException(new FatalError(ExitCode.AddressInUse, taken.Message, PeerAddressTakenException.Remedy));
        }
    }

    public Task HandOverAsync() => _front.HandOverAsync();

    public void EndWatches() => _front.EndWatches();

    public ValueTask DisposeAsync() => _front.DisposeAsync();

    private async Task<FatalError> FailedAsync()
    {
        var failure = await _front.Failed;
        return FatalError.Broken(failure is InvariantViolationException ? failure.Message : $"{failure.GetType().Name}: {failure.Message}");
    }

    private static SqlFrontOptions OptionsOf(ServerSettings settings, HostPort http) => new()
    {
        Label = settings.Id,
        AdvertisedHttpAddress = http.ToString(),
        ClientScheme = settings.ClientTls.IsOn ? Uri.UriSchemeHttps : Uri.UriSchemeHttp,
        Generator = settings.Bind,
        Version = VersionCommand.Number,
        MaxValueBytes = (int)settings.MaxValueBytes,
        Limits = new FrontOptions
        {
            QuotaBytes = settings.QuotaBytes,
            MaxLeaseKeys = settings.MaxLeaseKeys,
            RequestTimeLimit = settings.RequestTimeout,
        },
    };
}
