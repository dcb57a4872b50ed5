using Microsoft.Extensions.Logging;
using Raftd.Cli.Settings;
using Raftd.Contract;
using Raftd.Node;
using Raftd.Node.Backups;

namespace Raftd.Cli.Engines;

/// <summary>A member of a cluster, which keeps its data in a directory.</summary>
internal sealed class MemberEngine : IEngine
{
    private readonly RaftdNode _node;

    private MemberEngine(NodeOptions options, ILoggerFactory loggers)
    {
        _node = new RaftdNode(options, loggers);
        AdvertisedHttpAddress = options.AdvertisedHttpAddress;
        Failed = FailedAsync();
    }

    public IKeyValueService KeyValues => _node.KeyValues;

    public ILeaseService Leases => _node.Leases;

    public IWatchService Watches => _node.Watches;

    public IClusterService Cluster => _node.Cluster;

    public IGroupService Group => _node.Group;

    public IMaintenanceService Maintenance => _node.Maintenance;

    public IListService Lists => _node.Lists;

    public IBucketService? Buckets => null;

    public string AdvertisedHttpAddress { get; }

    public Task<FatalError> Failed { get; }

    /// <param name="settings">Valid.</param>
    /// <param name="tls">Of its ports.</param>
    /// <param name="loggers">For all of its parts.</param>
    /// <param name="logger">Of the executable: told of addresses and open ports.</param>
    public static MemberEngine Of(ServerSettings settings, MemberTls tls, ILoggerFactory loggers, ILogger logger)
    {
        CliLog.Starting(logger, settings.Id, settings.HttpAddress, settings.RaftAddress, settings.DataDirectory);
        return new MemberEngine(OptionsOf(settings, tls, logger), loggers);
    }

    public async Task StartAsync(CancellationToken stop)
    {
        try
        {
            await _node.StartAsync(stop);
        }
        catch (FatalStopException failure)
        {
            throw new FatalException(Fatal.Of(failure));
        }
    }

    public Task HandOverAsync() => _node.HandOverAsync();

    public void EndWatches() => _node.EndWatches();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    private async Task<FatalError> FailedAsync() => Fatal.Of(await _node.Failed);

    private static NodeOptions OptionsOf(ServerSettings settings, MemberTls tls, ILogger logger)
    {
        var peers = settings.InitialCluster?.JoinedBy(settings.Id, settings.ClusterExists) ?? [];
        var join = peers.Count > 0 ? peers : settings.Join;
        var joined = join.Count > 0 || settings.InitialCluster is { Members.Count: > 1 } || NodeIdentity.HasJoined(settings.DataDirectory);
        var machine = Advertise.MachineAddresses();
        var http = Advertise.Resolve(settings.HttpAddress, settings.AdvertiseHttpAddress, joined, machine);
        var raft = Advertise.Resolve(settings.RaftAddress, settings.AdvertiseRaftAddress, joined, machine);
        CliLog.Advertising(logger, http, raft);
        OpenPorts.Warn(settings, join, raft, logger);
        return new NodeOptions
        {
            DataDirectory = Path.GetFullPath(settings.DataDirectory),
            Label = settings.Id,
            AdvertisedHttpAddress = http.ToString(),
            AdvertisedPeerAddress = raft.ToString(),
            PeerEndPoint = EndPoints.Of(settings.RaftAddress),
            Join = [.. join.Select(target => target.ToString())],
            JoinsThroughPeers = peers.Count > 0,
            PeerTls = tls.Peers,
            JoinTls = tls.Join,
            Generator = settings.Bind,
            ElectionTimeout = settings.ElectionTimeout,
            HeartbeatInterval = settings.HeartbeatInterval,
            RequestTimeLimit = settings.RequestTimeout,
            MaxValueBytes = (int)settings.MaxValueBytes,
            CacheBytes = settings.CacheBytes,
            QuotaBytes = settings.QuotaBytes,
            MaxLeaseKeys = settings.MaxLeaseKeys,
            WalSegmentBytes = settings.WalSegmentBytes,
            WalRetentionBytes = settings.WalRetentionBytes,
            MaxPinnedLogBytes = settings.MaxPinnedLogBytes,
            FlushInterval = settings.FlushInterval,
            FlushBytes = settings.FlushBytes,
            Backups = BackupsOf(settings),
            Version = VersionCommand.Number,
        };
    }

    private static BackupOptions? BackupsOf(ServerSettings settings) => settings.BackupDirectory is { } directory
        ? new BackupOptions
        {
            Directory = Path.GetFullPath(directory),
            Interval = settings.BackupInterval,
            Kept = settings.BackupsKept,
        }
        : null;
}
