using Raftd.Node;
using Raftd.Node.Peers;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Simulation.Network;
using Raftd.Store.Buckets;
using Raftd.Store.Testing;
using Raftd.Testing;
using Raftd.Wal;

namespace Raftd.Simulation.Members;

/// <summary>One start of a member, from opening its disk to its end: the parts of the product with nothing but the threads,
/// the network, the disk and the clock taken away.</summary>
internal sealed class Incarnation
{
    /// <summary>Its loops by number: the replica, the log, the applier, the flusher, the spooler.</summary>
    public const int LogLoop = 1;
    public const int FlusherLoop = 3;
    public const int Loops = 5;

    private readonly Cluster _cluster;
    private readonly SimulatedTransport _transport;
    private readonly List<SimulatedLoop> _loops = [];

    public Incarnation(
        SimulatedMember host, Cluster cluster, RaftdMember parts, IStateDirectory state, SimulatedClock clock,
        SimulatedTransport transport)
    {
        Host = host;
        _cluster = cluster;
        _transport = transport;
        Parts = parts;
        State = state;
        Clock = clock;
    }

    public SimulatedMember Host { get; }

    public RaftdMember Parts { get; }

    public IStateDirectory State { get; }

    public SimulatedClock Clock { get; }

    public long Now => _cluster.Scheduler.Now;

    /// <summary>False once it has crashed: whatever of it is still to come does not happen.</summary>
    public bool IsAlive { get; private set; } = true;

    public Replica Replica => Parts.Replica;

    public RaftNode Raft => Parts.Replica.Raft;

    /// <summary>One at a time, as SnapshotIntake has it.</summary>
    public bool IsReceivingSnapshot { get; set; }

    /// <summary>The snapshot received last: tells an install from an applied entry.</summary>
    public SnapshotOffer? Offered { get; set; }

    /// <summary>How far the checkers have followed what it applies.</summary>
    public ulong CheckedIndex { get; set; }

    /// <summary>Clients that wait for an answer of this start.</summary>
    public List<Clients.IWaiting> Waiting { get; } = [];

    public void Start(TimeSpan tick)
    {
        Parts.Replica.Wake = Add(Parts.Replica, Host.DrawStepPause, tick);
        Parts.Log.Wake = Add(Parts.Log, Host.DrawDiskPause, tick);
        Parts.Applier.Wake = Add(Parts.Applier, Host.DrawStepPause, tick);
        Parts.Flusher.Wake = Add(Parts.Flusher, Host.DrawDiskPause, tick);
        Parts.Spooler.Wake = Add(Parts.Spooler, Host.DrawDiskPause, tick);
        var applied = Parts.Applier.Applied;
        Parts.Applier.Applied = index =>
        {
            _cluster.Checkers.Applied(this, index);
            applied(index);
        };
        _loops.ForEach(loop => loop.Start());
        Report();
    }

    public void Kill() => IsAlive = false;

    /// <summary>One of its loops gets no turn for that long.</summary>
    public void Stall(int loop, long duration) => _loops[loop].Stall(duration);

    public void StopStalling() => _loops.ForEach(loop => loop.StopStalling());

    public void Welcome(ulong guest) => _transport.Welcome(guest);

    /// <summary>Later, unless it has died by then; a paused member does it when it goes on.</summary>
    public void After(long delay, Action happening) => _cluster.Scheduler.After(delay, () =>
    {
        if (!IsAlive)
        {
            return;
        }

        if (Host.PausedUntil > Now)
        {
            After(Host.PausedUntil - Now, happening);
            return;
        }

        happening();
    });

    /// <summary>Runs code of the member, which may end it; then everybody looks at what it did.</summary>
    public void Run(int what, Action code)
    {
        try
        {
            code();
        }
        catch (Exception crash) when (crash is SimulatedCrashException or ModelCrashException)
        {
            Host.Crash(crash.Message);
            return;
        }
        catch (Exception failure) when (
            failure is WalFailedException or StorageIoException or BucketStoreException or WalCorruptException)
        {
            // What the shell of a loop does with it: the process stops (LoopThread, FatalStops).
            SafetyViolationException.Require(
                failure is not BucketStoreException { Fault: BucketStoreFault.ReadersOpen },
                $"{Host.Name} stops because of what it need only wait for: {failure.Message}");
            Host.Crash($"stopped by itself: {failure.Message}", CrashLoss.Nothing);
            return;
        }

        _cluster.Trace.Add(((ulong)Now << 16) ^ (Host.Id << 4) ^ (ulong)what);
        _cluster.Observe(this);
    }

    /// <summary>What MemberChores does of its work that matters here.</summary>
    private void Report() => After(Scheduler.Second, () =>
    {
        _cluster.Network.SendReport(
            this, new MemberReport(default, _cluster.Swarm.QuotaBytes, Parts.Wal.IsSpaceLow, Parts.PeerPins.Need));
        Report();
    });

    private Action Add(Node.Loops.ILoop loop, Func<long> duration, TimeSpan tick)
    {
        var simulated = new SimulatedLoop(this, loop, _loops.Count, duration, tick);
        _loops.Add(simulated);
        return simulated.Wake;
    }
}
