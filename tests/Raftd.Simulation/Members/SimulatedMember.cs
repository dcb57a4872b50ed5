using Raftd.Node;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Simulation.Faults;
using Raftd.Simulation.Network;
using Raftd.State.Commands;
using Raftd.State.Watch;
using Raftd.Store;
using Raftd.Store.Buckets;
using Raftd.Testing.Buckets;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.Simulation.Members;

/// <summary>A machine: its disk, the rate of its clock, and the process that runs on it or not.</summary>
internal sealed class SimulatedMember(Cluster cluster, ulong id, Configuration? founding, MemberTable known, Dice dice)
{
    public const int ElectionTimeoutTicks = 10;
    public const long MaxUncommittedBytes = 64 << 10;
    public const long MaxApplyingBytes = 16 << 10;
    public const long MaxOverlayBytes = 128 << 10;

    /// <summary>Builds of the first and of this level run side by side in seeds with upgrades.</summary>
    public const int NewestLevel = FeatureLevel.Newest;

    private static readonly CrashLoss[] Losses = [CrashLoss.Nothing, CrashLoss.Everything, CrashLoss.Some];

    private double _clockRate = 1 + (cluster.Swarm.ClockSkew * ((2 * dice.Unit()) - 1));
    private bool _hasStarted;
    private bool _isRestarting;

    public ulong Id { get; } = id;

    public string Name { get; } = $"m{id}";

    public SimulatedDisk Disk { get; } = new(dice.Fork());

    /// <summary>The process; null while there is none.</summary>
    public Incarnation? Running
    {
        get;
        private set
        {
            field = value;
            cluster.RunningChanged();
        }
    }

    public long PausedUntil { get; set; }

    /// <summary>Until then the disks take this much longer for each step.</summary>
    public (long Until, long Delay) SlowDisk { get; set; }

    /// <summary>It stops before it sends that many messages more; 0 for never.</summary>
    public int SendsToCrash { get; set; }

    /// <summary>The newest feature level that its build knows; a newcomer's is the newest, as older ones may not join.</summary>
    public int KnownLevel { get; private set; } = cluster.Swarm.Upgrades && founding is null ? NewestLevel : FeatureLevel.First;

    /// <summary>The newest level that any build knew which ran here.</summary>
    public int NewestRun { get; private set; }

    /// <summary>Removed from the cluster and switched off: it never comes back.</summary>
    public bool IsRetired { get; private set; }

    /// <summary>What runs here instead of the member, once its disk is empty; it ends, but stays known.</summary>
    public EmptiedFounder? Founder { get; private set; }

    /// <summary>Its state is damaged or gone, and it has ended because of that: it is replaced, and never starts again.</summary>
    public bool IsCondemned { get; private set; }

    private TimeSpan Tick => TimeSpan.FromMilliseconds(cluster.Swarm.HeartbeatMilliseconds);

    public long DrawStepPause() => dice.Exponential(cluster.Swarm.StepMicroseconds);

    public long DrawDiskPause()
    {
        var slow = SlowDisk.Until > cluster.Scheduler.Now ? dice.Exponential(SlowDisk.Delay) : 0;
        return dice.Exponential(cluster.Swarm.SyncMicroseconds) + slow;
    }

    /// <summary>Its clock goes on at another rate.</summary>
    public void DrawClockRate()
    {
        _clockRate = 1 + (cluster.Swarm.ClockSkew * ((2 * dice.Unit()) - 1));
        if (Running is not null)
        {
            Running.Clock.Rate = _clockRate;
        }
    }

    /// <exception cref="ModelCrashException">It stops here.</exception>
    public void BeforeSend()
    {
        if (SendsToCrash > 0 && --SendsToCrash == 0)
        {
            throw new ModelCrashException("before it sends a message");
        }
    }

    /// <summary>Nothing goes wrong here any more.</summary>
    public void Mend()
    {
        SendsToCrash = 0;
        SlowDisk = default;
        Running?.StopStalling();
        Disk.Mend();
    }

    /// <summary>Starts the process on what the disk has. A start that fails is tried again, as an operator would.</summary>
    public void Start()
    {
        if (Running is not null || IsRetired || IsCondemned)
        {
            return;
        }

        try
        {
            var opened = Open();
            _hasStarted = true;
            Disk.Accept();
            NewestRun = Math.Max(NewestRun, KnownLevel);
            Running = opened;
            cluster.Say(Name, $"starts: log {opened.Parts.Wal.FirstIndex}..{opened.Parts.Wal.LastIndex}, applied "
                + $"{opened.Parts.State.Applied.Index}, {opened.Parts.Wal.State}, tail {opened.Parts.Wal.Recovery.Tail.Kind}");
            cluster.Checkers.Started(opened);
            opened.Start(Tick, known);
        }
        catch (Exception crash) when (crash is SimulatedCrashException or ModelCrashException)
        {
            Stop($"crashes while it starts: {crash.Message}", DrawLoss());
        }
        catch (WalCorruptException corrupt) when (Disk.TryRepair())
        {
            Stop($"refuses to start: {corrupt.Reason}", CrashLoss.Nothing);
        }
        catch (BucketStoreException damage) when (damage.Fault == BucketStoreFault.Corrupt)
        {
            Condemn(damage);
        }
        catch (NewerLevelException newer)
        {
            EndTooOld(newer);
        }
        catch (Exception failure) when (failure is StorageIoException or WalSpaceException or WalFailedException)
        {
            Stop($"cannot start: {failure.Message}", CrashLoss.Nothing);
        }
    }

    /// <summary>Another build is put in its place, newer or older.</summary>
    public void Install(int level)
    {
        cluster.Say(Name, $"gets a build of level {level}");
        KnownLevel = level;
        if (Running is not null)
        {
            Crash("for another build");
        }
    }

    /// <summary>It has met what its build does not know: it ends, and its operator starts a newer build.</summary>
    public void EndTooOld(NewerLevelException newer)
    {
        cluster.Checkers.Levels.Refused(this, newer);
        KnownLevel = newer.Needed;
        Stop($"ends with {FatalStops.Of(newer, "/").Reason}: {newer.Message}", CrashLoss.Nothing);
    }

    /// <summary>Ends the process here and now, with the loss the dice choose.</summary>
    public void Crash(string why) => Stop($"crashes: {why}", DrawLoss());

    public void Crash(string why, CrashLoss loss) => Stop(why, loss);

    /// <summary>The power fails, and the disk has not kept what it said it had of the last record of the log.</summary>
    public void CrashWithDamage()
    {
        Stop("crashes: its disk lies", CrashLoss.Everything);
        cluster.Say(Name, $"damaged: {Disk.DamageLastRecord()}");
    }

    /// <summary>For good.</summary>
    public void Retire()
    {
        IsRetired = true;
        Stop("is switched off for good", CrashLoss.Nothing);
    }

    /// <summary>It ends because of its state, with the exit code that keeps it from being started again.</summary>
    public void Condemn(BucketStoreException damage)
    {
        RequireDamaged(damage);
        EndForGood(damage);
    }

    /// <summary>A read has met damage: the process ends a moment later, as where the code that reads is not a loop's.</summary>
    public void EndSoon(BucketStoreException damage)
    {
        RequireDamaged(damage);
        Running?.After(DrawStepPause(), () => EndForGood(damage));
    }

    /// <summary>Its disk is exchanged for an empty one, and it is started to found a cluster.</summary>
    public void StartEmptied()
    {
        IsCondemned = true;
        Founder = new EmptiedFounder(cluster, this, NewClock());
        Stop("ends, and its disk is exchanged for an empty one", CrashLoss.Nothing);
        cluster.Scheduler.After(DrawRestartPause(), Founder.Start);
    }

    private void EndForGood(BucketStoreException damage)
    {
        IsCondemned = true;
        Stop($"ends with {FatalStops.Of(damage, "/").Reason}: {damage.Message}", CrashLoss.Nothing);
        cluster.Replacement.Of(this);
    }

    private void RequireDamaged(BucketStoreException damage) => SafetyViolationException.Require(
        Disk.HasDamagedState, $"{Name} calls its state damaged, and it is not: {damage.Message}");

    private CrashLoss DrawLoss() => dice.Pick(Losses);

    private void Stop(string why, CrashLoss loss)
    {
        // While a voter is away for good, no other may come back with a torn tail (Nemesis).
        loss = cluster.Replacement.IsDone ? loss : CrashLoss.Everything;
        cluster.Say(Name, $"{why} (loses {loss})");
        var ended = Running;
        Running = null;
        PausedUntil = 0;
        SendsToCrash = 0;
        ended?.Kill();
        Disk.Crash(loss);
        if (ended is not null)
        {
            cluster.Ended(ended);
        }

        ScheduleRestart();
    }

    private void ScheduleRestart()
    {
        if (_isRestarting || IsRetired || IsCondemned)
        {
            return;
        }

        _isRestarting = true;
        cluster.Scheduler.After(DrawRestartPause(), () =>
        {
            _isRestarting = false;
            Start();
        });
    }

    private long DrawRestartPause() =>
        cluster.IsQuiet ? Scheduler.Second / 10 : 1000 + dice.Exponential(dice.Pick([20_000L, 500_000, 3_000_000]));

    /// <summary>A monotonic clock begins anywhere at each boot.</summary>
    private SimulatedClock NewClock() => new(cluster.Scheduler, _clockRate, dice.Between(1, 1L << 40));

    private Incarnation Open()
    {
        var clock = NewClock();
        var options = Options();
        var logger = new TraceLogger(cluster, this);
        var wire = new SimulatedWire(cluster.Network);
        var transport = new PeerTransport(options.Self, Membership.Info(Id).PeerAddress, wire, clock, logger);
        var state = Disk.OpenState();
        var parts = RaftdMember.Open(options, new MemberSeams
        {
            Files = Disk.Files,
            LogDirectory = "/wal",
            SpoolDirectory = "/spool",
            State = state,
            Peers = new WatchedTransport(transport, this),
            Time = clock,
            Random = dice.Fork(),
            Logger = logger,
        });
        var info = Membership.Info(Id);
        var peerOptions = new PeerLoopOptions
        {
            Self = options.Self,
            Start = dice.Draw(),
            DataDirectory = "/",
            HttpAddress = info.HttpAddress,
            PeerAddress = info.PeerAddress,
            RequestTimeLimit = options.Replica.RequestTimeLimit,
            DrawMemberId = static instance => instance,
            MaxLeaseKeys = long.MaxValue,
            QuotaBytes = options.QuotaBytes,
        };
        var fence = new Fence(new IdentityFile(Disk.Files, "/"), options.Self, parts.Replica);
        var peers = new PeerLoop(peerOptions, parts, fence, state, transport, wire, clock, logger)
        {
            Newer = newer => Running?.After(DrawStepPause(), () => EndTooOld(newer)),
            Removed = _ => cluster.Membership.ToldItWasRemoved(Id),
        };
        wire.Owner = new Incarnation(this, cluster, parts, peers, state, clock);
        return wire.Owner;
    }

    private MemberOptions Options() => new()
    {
        // Small, so that watches fall behind, wait for their readers and get revisions in pieces.
        Watch = new WatchOptions
        {
            MaxPublishedBytes = 4 << 10,
            MaxSessionBytes = 2 << 10,
            LeastSessionBytes = 512,
            MaxMessageBytes = 1 << 10,
        },
        Self = new MemberIdentity
        {
            Format = MemberIdentity.CurrentFormat,
            Instance = Id,
            Label = Name,
            ClusterId = Cluster.Id,
            MemberId = Id,
            KnownMembers = [.. known.Members],
            HasStarted = _hasStarted,
        },
        Founding = _hasStarted ? null : founding,
        Raft = new RaftOptions
        {
            Id = new NodeId(Id),
            HeartbeatTicks = 1,
            ElectionTimeoutTicks = ElectionTimeoutTicks,
            MaxInflightMessages = 1 + dice.Next(16),
            MaxMessageBytes = cluster.Swarm.MaxMessageBytes,
            MaxInflightBytes = Math.Max(4096, 4 * cluster.Swarm.MaxMessageBytes),
            MaxUncommittedBytes = MaxUncommittedBytes,
            MaxCachedBytes = cluster.Swarm.MaxCachedBytes,
            MaxApplyingBytes = MaxApplyingBytes,
            ReadIdSeed = dice.Draw(),
            LeaseReads = cluster.Swarm.LeaseReads,
        },
        Wal = new WalOptions { SegmentSizeBytes = cluster.Swarm.SegmentBytes, MaxRecordBytes = 1 << 20, ReserveBytes = 4096 },
        Store = new StoreOptions { CacheBytes = cluster.Swarm.CacheBytes, SliceKeys = cluster.Swarm.SliceKeys, KnownLevel = KnownLevel },
        Replica = new ReplicaOptions
        {
            RequestTimeLimit = TimeSpan.FromSeconds(5),
            ReadRetryTicks = 2,
            // One batch is taken whole where nothing else is uncommitted, so this bounds the tail as well.
            MaxProposalBytes = MaxUncommittedBytes,
        },
        Flush = new FlushPolicy
        {
            Interval = TimeSpan.FromMilliseconds(cluster.Swarm.FlushMilliseconds),
            FreezeBytes = 32 << 10,
            MaxOverlayBytes = MaxOverlayBytes,
        },
        LeasesPerStep = 1 + dice.Next(4),
        LogRetentionBytes = cluster.Swarm.RetentionBytes,
        MaxPinnedLogBytes = cluster.Swarm.MaxPinnedLogBytes,
        Spool = new SpoolOptions
        {
            ChunkBytes = cluster.Swarm.SnapshotChunkBytes,
            SliceBytes = cluster.Swarm.SpoolSliceBytes,
            ReserveBytes = 0,
            IdleTime = TimeSpan.FromMilliseconds(cluster.Swarm.SpoolIdleMilliseconds),
        },
        QuotaBytes = cluster.Swarm.QuotaBytes,
    };
}
