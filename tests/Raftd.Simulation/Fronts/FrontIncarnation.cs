using Microsoft.Extensions.Logging;
using Raftd.Simulation.Fronts.Network;
using Raftd.Sql;
using Raftd.Sql.Buckets;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.Sql.Peers;
using Raftd.State.Loops;
using Raftd.State.Watch;

namespace Raftd.Simulation.Fronts;

/// <summary>A front from one start to its end.</summary>
internal sealed class FrontIncarnation : ILogger
{
    private static readonly TimeSpan WatchTick = TimeSpan.FromMilliseconds(100);

    private readonly FrontWorld _world;

    public FrontIncarnation(FrontWorld world, SimulatedFront front, Dice dice, ulong id)
    {
        _world = world;
        Front = front;
        Id = id;
        Clock = new SimulatedClock(world.Scheduler, front.Rate, dice.Between(1, 1_000_000));
        Database = new FaultyDatabase(world, this, BucketRow.DefaultId, world.Database, dice.Fork());
    }

    public SimulatedFront Front { get; }

    public ulong Id { get; }

    public SimulatedClock Clock { get; }

    public FaultyDatabase Database { get; }

    /// <summary>Null until it has loaded.</summary>
    public FrontParts? Parts { get; private set; }

    /// <summary>Null until it has loaded.</summary>
    public SqlBuckets? Buckets { get; private set; }

    /// <summary>Knocked at by other fronts; null until it has loaded.</summary>
    public FrontDoors? Doors { get; private set; }

    public WatchLoop? Watching { get; private set; }

    public bool IsAlive { get; private set; } = true;

    public bool MayRun => IsAlive && Front.PausedUntil <= Now;

    /// <summary>That it was started in.</summary>
    public int Era { get; private set; }

    /// <summary>Called when the watches have had a turn.</summary>
    public event Action? WatchesStepped;

    /// <summary>The last row that it had taken in when the database lost it; null for none, and once its writer has sent it again.</summary>
    public LogRow? LostRow { get; set; }

    public bool KnowsLostRows => LostRow is not null;

    /// <summary>Of the buckets that are or were served, by id.</summary>
    public SortedDictionary<long, FrontParts> PartsOfBuckets { get; } = [];

    public long Now => _world.Now;

    public bool IsFenced => Parts?.Board.Fence is not null;

    public void Say(string what)
    {
        if (_world.Trace.IsPrinting)
        {
            _world.Trace.Detail(Now, Front.Name, what);
        }
    }

    /// <summary>Loads, and begins to step.</summary>
    /// <exception cref="DatabaseException">Away.</exception>
    public void Start(Dice dice)
    {
        var era = _world.Era;
        var start = FrontLoader.Load(Database);
        if (!IsAlive)
        {
            return;
        }

        var limits = new FrontOptions
        {
            QuotaBytes = _world.Swarm.QuotaBytes,
            KeptRows = _world.Swarm.KeptRows,
            KnownKeyBytes = _world.Swarm.KnownKeyBytes,
            RequestTimeLimit = TimeSpan.FromSeconds(5),
            MaxListedDeletions = dice.Chance(0.5) ? 1 : 8192,
            DeletionSlice = 2,
        };
        if (_world.Swarm.BucketClients > 0 && dice.Chance(0.5))
        {
            limits = limits with { SettlesAfter = TimeSpan.FromSeconds(3) };
        }

        var options = new SqlFrontOptions
        {
            Label = Front.Name,
            AdvertisedHttpAddress = "127.0.0.1:1",
            Version = "simulated",
            AdvertisedPeerAddress = _world.Swarm.HavePeers ? Front.Name : "",
            Generator = (int)(Id % 1024),
            Limits = limits,
        };
        var self = new FrontRow(Id, Front.Name, options.AdvertisedHttpAddress, options.AdvertisedPeerAddress, options.Version, Beat: 0);
        var watchOptions = dice.Chance(0.5)
            ? new WatchOptions()
            : new WatchOptions { MaxPublishedBytes = 2000, MaxSessionBytes = 1500, LeastSessionBytes = 500, MaxMessageBytes = 700 };
        var upkeepLoop = new UpkeepLoop(Database, self, limits, Clock, this);
        var parts = Wire(Database, BucketRow.DefaultId, start);
        upkeepLoop.Add(parts.Upkeep);
        var commits = new SteppedLoop(this, parts.Commits, dice.Fork(), limits.PollInterval);
        var upkeep = new SteppedLoop(this, upkeepLoop, dice.Fork(), limits.BeatInterval / 4);
        var peers = new SteppedLoop(this, parts.Peers, dice.Fork(), FrontPeers.TickInterval);
        Watching = new WatchLoop(parts.Watches);
        var watches = new SteppedLoop(this, Watching, dice.Fork(), WatchTick) { Stepped = () => WatchesStepped?.Invoke() };
        SteppedReads[] reads = [new(this, parts, prefersRanges: false, dice.Fork()), new(this, parts, prefersRanges: true, dice.Fork())];
        parts.Commits.Wake = commits.Wake;
        parts.Peers.Wake = peers.Wake;
        Watching.Wake = watches.Wake;
        parts.Reads.Wake = () => Array.ForEach(reads, static reader => reader.Loop.Wake());
        Parts = parts;
        Doors = new FrontDoors(parts.Peers.Door);
        Buckets = new SqlBuckets(
            Database, limits, upkeepLoop, Serve, new SteppedThreads(_world, this, dice.Fork()), Clock, this);
        Era = era;
        LostRow = era != _world.Era && start.Last.Seq > _world.Database.Tables.Last.Seq ? start.Last : null;
        Say($"starts at row {start.Last.Seq}");
        commits.Start();
        upkeep.Start();
        watches.Start();
        peers.Start();
        Array.ForEach(reads, static reader => reader.Loop.Start());

        FrontParts Wire(IDatabase database, long bucket, FrontState loaded) => new(
            options, database, bucket, self, loaded, upkeepLoop, watchOptions, new ReadSettings(Threads: 0, Timeout.InfiniteTimeSpan),
            new FrontWire(_world, this, dice.Fork()), Clock, dice.ToRandom(), this);

        ServedBucket Serve(IDatabase database, BucketRow row, FrontState loaded)
        {
            var served = Wire(database, row.Id, loaded);
            PartsOfBuckets[row.Id] = served;
            return new ServedBucket(row, served, upkeepLoop, Doors!, limits, Clock);
        }
    }

    public void After(long delay, Action happening) => _world.Scheduler.After(delay, () =>
    {
        if (IsAlive)
        {
            happening();
        }
    });

    /// <summary>The process is gone, in whatever call it was.</summary>
    public void Kill() => IsAlive = false;

    /// <summary>In a call: nothing comes of it while the front does not run. The calls of a dead one end like any, and do no
    /// harm.</summary>
    public void StandStill()
    {
        while (IsAlive && Front.PausedUntil > Now)
        {
            // In short steps: it may be woken before its time.
            _world.Pass(Math.Min(Front.PausedUntil - Now, 100 * Scheduler.Millisecond));
        }

        if (!IsAlive)
        {
            throw new DatabaseException(DatabaseFault.Away, "the process is gone");
        }
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning || _world.Trace.IsPrinting;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Name == nameof(SqlLog.BegunAnew))
        {
            // As at a start: the log does not reach back to what it knew, so it takes what is there for the truth.
            LostRow = null;
        }

        Say(formatter(state, exception));
    }

    /// <summary>One thread of the pool of reads.</summary>
    private sealed class SteppedReads : ILoop
    {
        private readonly FrontParts _parts;
        private readonly bool _prefersRanges;
        private ISession? _session;

        public SteppedReads(FrontIncarnation owner, FrontParts parts, bool prefersRanges, Dice dice)
        {
            _parts = parts;
            _prefersRanges = prefersRanges;
            Loop = new SteppedLoop(owner, this, dice, TimeSpan.FromSeconds(1));
        }

        public SteppedLoop Loop { get; }

        public bool Step() => _parts.Reads.Step(ref _session, _prefersRanges);

        public void Tick()
        {
        }
    }
}
