// A front: a process without data of its own that serves one database. Any number of them may.
//
// The start, in this order: listen for other fronts; reach the database, which may take its time; load what is kept in memory; start the
// threads; answer. Until then the services answer not_ready with the reason, so that the client address can listen from the start. The
// stop goes backwards, after the lead has been handed over.

using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Peers;
using Raftd.Peers.Http;
using Raftd.Sql.Buckets;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.Sql.MySql;
using Raftd.Sql.Peers;
using Raftd.Sql.Postgres;
using Raftd.Sql.Service;
using Raftd.State.Loops;
using Raftd.State.Rights;
using Raftd.State.Watch;

namespace Raftd.Sql;

/// <summary>One front. Created, started once, disposed once.</summary>
public sealed class SqlFront : IAsyncDisposable
{
    // Connections for reads: a round of keys, or a range, each.
    private const int ReadThreads = 4;

    // Of all buckets but the default one. With those of the default one, and what the upkeep and a look at the buckets take, they stay
    // below the connections that a front may have.
    private const int BucketThreads = 4;

    // Of each bucket but the default one: there may be 256 of them.
    private const long BucketKnownKeyBytes = 4 << 20;

    private static readonly TimeSpan WatchTick = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan ReachPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan HandOverLimit = TimeSpan.FromSeconds(2);

    private readonly SqlFrontOptions _options;
    private readonly IDatabase _database;
    private readonly PeerServer? _server;
    private readonly HttpPeerWire _wire;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly ILogger _logger;
    private readonly ServiceGate _gate;
    private readonly RightsGuard _guard;
    private readonly Stack<Action> _undo = new();
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SqlService? _service;
    private WatchHub? _watches;
    private FrontDoors? _doors;
    private volatile SqlBuckets? _buckets;

    /// <param name="options">Of this front.</param>
    /// <param name="database">Disposed with it.</param>
    /// <param name="loggers">Makes the logger.</param>
    internal SqlFront(SqlFrontOptions options, IDatabase database, ILoggerFactory loggers)
    {
        _options = options;
        _database = database;
        _logger = loggers.CreateLogger("raftd");
        _wire = new HttpPeerWire(options.PeerTls, _time, Break);
        _server = options.PeerEndPoint is { } endPoint
            ? new PeerServer(endPoint, options.PeerTls, RefuseYet, call: null, loggers, _time, Break)
            : null;
        var outside = ServiceGate.StatusOutside(
            options.Label, options.AdvertisedHttpAddress, options.AdvertisedPeerAddress, options.Limits.QuotaBytes, options.Version);
        _gate = new ServiceGate(outside, SqlLimits.Of(options.MaxValueBytes));
        _guard = new RightsGuard(_gate, _gate, _gate, _gate, _gate, _gate);
        Group = new GroupRightsGuard(_gate);
    }

    /// <summary>A front over the database that a URL names.</summary>
    public static SqlFront Over(SqlTarget target, SqlFrontOptions options, ILoggerFactory loggers) => new(
        options, target.Engine == SqlEngine.Postgres ? new PostgresDatabase(target) : new MySqlDatabase(target), loggers);

    public IKeyValueService KeyValues => _guard;

    public ILeaseService Leases => _guard;

    public IWatchService Watches => _guard;

    public IClusterService Cluster => _guard;

    public IMaintenanceService Maintenance => _guard;

    public IListService Lists => _guard;

    public IGroupService Group { get; }

    public IBucketService Buckets => new GatedBuckets(() => _buckets);

    /// <summary>Completes when the front must stop: what was impossible has happened.</summary>
    public Task<Exception> Failed => _failed.Task;

    /// <summary>Reaches the database, loads, starts the threads, and waits until a front leads. As long as the database is away, so long
    /// it tries.</summary>
    /// <exception cref="FrontRefusedException">The database is not as it must be.</exception>
    /// <exception cref="PeerAddressTakenException">Another process listens at the address for other fronts.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_server is not null)
        {
            await _server.StartAsync(_options.PeerEndPoint!);
        }

        var start = await ReachAsync(cancellationToken);
        var self = new FrontRow(
            BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1, _options.Label, _options.AdvertisedHttpAddress,
            _options.AdvertisedPeerAddress, _options.Version, Beat: 0);
        var upkeep = new UpkeepLoop(_database, self, _options.Limits, _time, _logger);
        var parts = Wire(self, start, upkeep);
        var buckets = BucketsOf(self, upkeep);
        SqlLog.Running(
            _logger, _options.Label, self.Id, _database.Name, start.Last.Seq, start.Last.Revision, start.Leases.ById.Weight);
        await upkeep.Begun.WaitAsync(cancellationToken);
        await parts.Board.LedAsync().WaitAsync(cancellationToken);
        _gate.Open(_service!);
        _buckets = buckets;
    }

    /// <summary>Before a planned stop: another front takes the lead at once, where there is one.</summary>
    public async Task HandOverAsync()
    {
        var transfers = new List<Task> { _buckets?.HandOverAsync() ?? Task.CompletedTask };
        if (_service is { IsLeader: true } service)
        {
            transfers.Add(service.TransferLeadershipAsync(Caller.System, 0, CancellationToken.None).AsTask());
        }

        try
        {
            await Task.WhenAll(transfers).WaitAsync(HandOverLimit);
        }
        catch (Exception failure) when (failure is StoreException or TimeoutException)
        {
            // There is no other front, or the database is away: the next one finds that this one is silent.
        }
    }

    /// <summary>Before a planned stop: ends the watches, whose clients go on elsewhere.</summary>
    public void EndWatches()
    {
        _watches?.Dispose();
        _buckets?.EndWatches();
    }

    public async ValueTask DisposeAsync()
    {
        _gate.Close("this front is shutting down");
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _buckets = null;
        while (_undo.TryPop(out var undo))
        {
            undo();
        }

        await _wire.DisposeAsync();
        _database.Dispose();
    }

    private static void RefuseYet(PeerHandshake caller, string path, IIncomingStream stream) =>
        stream.Refuse(PeerStatus.Unavailable, "this front has not reached its database yet");

    private void Break(Exception failure) => _failed.TrySetResult(failure);

    private async Task<FrontState> ReachAsync(CancellationToken cancellationToken)
    {
        var faults = new FaultLog(_logger, _time);
        while (true)
        {
            try
            {
                return await Task.Factory.StartNew(
                    () =>
                    {
                        _database.Prepare();
                        return FrontLoader.Load(_database);
                    },
                    cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(cancellationToken);
            }
            catch (DatabaseException failure) when (failure.Fault == DatabaseFault.Wrong)
            {
                throw new FrontRefusedException(failure.Message, failure);
            }
            catch (DatabaseException failure)
            {
                faults.Note(failure);
                _gate.Close($"this front waits for its database: {failure.Message}");
            }

            await Task.Delay(ReachPause, _time, cancellationToken);
        }
    }

    private FrontParts Wire(FrontRow self, FrontState start, UpkeepLoop upkeep)
    {
        var limits = _options.Limits;
        var parts = PartsOf(_options, _database, BucketRow.DefaultId, self, start, upkeep, ReadThreads);
        (_watches, _service) = (parts.Watches, parts.Service);
        _undo.Push(parts.Service.Dispose);
        _undo.Push(parts.Waiters.Dispose);
        Start("raftd-commits", parts.Commits, limits.PollInterval, wake => parts.Commits.Wake = wake, parts.Commits.Dispose);
        var loop = new WatchLoop(parts.Watches);
        Start("raftd-watches", loop, WatchTick, wake => loop.Wake = wake, parts.Watches.Dispose);
        upkeep.Add(parts.Upkeep);
        Start("raftd-upkeep", upkeep, limits.BeatInterval / 4, static _ => { }, upkeep.Dispose);
        parts.Reads.Start();
        _undo.Push(parts.Reads.Dispose);
        Start("raftd-peers", parts.Peers, FrontPeers.TickInterval, wake => parts.Peers.Wake = wake, parts.Peers.Close);
        _doors = new FrontDoors(parts.Peers.Door);
        _server?.Attach(_doors.Knock);
        return parts;
    }

    private SqlBuckets BucketsOf(FrontRow self, UpkeepLoop upkeep)
    {
        var team = new LoopTeam("raftd-bucket", BucketThreads, _time, failure => _failed.TrySetResult(failure));
        var options = _options with { Limits = _options.Limits with { KnownKeyBytes = BucketKnownKeyBytes } };
        var buckets = new SqlBuckets(
            _database, _options.Limits, upkeep,
            (database, row, start) => new ServedBucket(
                row, PartsOf(options, database, row.Id, self, start, upkeep, readThreads: 0), upkeep, _doors!, _options.Limits, _time),
            team, _time, _logger);
        _undo.Push(buckets.Dispose);
        return buckets;
    }

    private FrontParts PartsOf(
        SqlFrontOptions options, IDatabase database, long bucket, FrontRow self, FrontState start, UpkeepLoop upkeep, int readThreads) => new(
        options, database, bucket, self, start, upkeep, new WatchOptions(), new ReadSettings(readThreads, _options.Limits.RequestTimeLimit),
        _wire, _time, new Random(RandomNumberGenerator.GetInt32(int.MaxValue)), _logger);

    private void Start(string name, ILoop loop, TimeSpan tick, Action<Action> setWake, Action dispose)
    {
        var thread = new LoopThread(name, loop, tick, _time, Break);
        setWake(thread.Wake);
        _undo.Push(dispose);
        _undo.Push(thread.Dispose);
        thread.Start();
    }
}
