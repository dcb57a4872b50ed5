using Raftd.Node;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.State.Commands;
using Raftd.Store.Buckets;
using Raftd.Testing.Buckets;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.Simulation.Members;

/// <summary>One start of a member, from opening its disk to its end: the parts of the product with nothing but the threads,
/// the network, the disk and the clock taken away.</summary>
internal sealed class Incarnation
{
    /// <summary>Its loops by number: the replica, the log, the applier, the flusher, the log's reader, the spooler, the peers.</summary>
    public const int LogLoop = 1;
    public const int FlusherLoop = 3;
    public const int Loops = 7;

    private readonly Cluster _cluster;
    private readonly List<SimulatedLoop> _loops = [];

    public Incarnation(
        SimulatedMember host, Cluster cluster, RaftdMember parts, PeerLoop peers, IStateDirectory state, SimulatedClock clock)
    {
        Host = host;
        _cluster = cluster;
        Parts = parts;
        Peers = peers;
        State = state;
        Clock = clock;
    }

    public SimulatedMember Host { get; }

    public RaftdMember Parts { get; }

    public PeerLoop Peers { get; }

    public IStateDirectory State { get; }

    public SimulatedClock Clock { get; }

    public long Now => _cluster.Scheduler.Now;

    /// <summary>False once it has crashed: what is still to come of it does not happen.</summary>
    public bool IsAlive { get; private set; } = true;

    public Replica Replica => Parts.Replica;

    public RaftNode Raft => Parts.Replica.Raft;

    /// <summary>The last install that the checkers have seen.</summary>
    public SnapshotOffer? SeenInstall
    {
        get;
        set
        {
            field = value;
            Installs++;
        }
    }

    /// <summary>Snapshots that it has installed.</summary>
    public int Installs { get; private set; }

    /// <summary>How far the checkers have followed what it applies.</summary>
    public ulong CheckedIndex { get; set; }

    /// <summary>Clients that wait for an answer of this start.</summary>
    public List<Clients.IWaiting> Waiting { get; } = [];

    public void Start(TimeSpan tick, MemberTable known)
    {
        Parts.Replica.Wake = Add(Parts.Replica, Host.DrawStepPause, tick);
        Parts.Log.Wake = Add(Parts.Log, Host.DrawDiskPause, tick);
        Parts.Applier.Wake = Add(Parts.Applier, Host.DrawStepPause, tick);
        Parts.Flusher.Wake = Add(Parts.Flusher, Host.DrawDiskPause, tick);
        Parts.LogReader.Wake = Add(Parts.LogReader, Host.DrawDiskPause, LogReader.TickInterval);
        Parts.Spooler.Wake = Add(Parts.Spooler, Host.DrawDiskPause, tick);
        Peers.Wake = Add(Peers, Host.DrawStepPause, tick);
        var applied = Parts.Applier.Applied;
        Parts.Applier.Applied = index =>
        {
            _cluster.Checkers.Applied(this, index);
            applied(index);
        };
        Parts.State.Damaged = Host.EndSoon;
        Peers.Leases.Renewing = _cluster.Checkers.Leases.RenewedInMemory;
        _loops.ForEach(loop => loop.Start());
        Peers.Follow(known);
    }

    public void Kill() => IsAlive = false;

    /// <summary>One of its loops gets no turn for that long.</summary>
    public void Stall(int loop, long duration) => _loops[loop].Stall(duration);

    public bool IsStalled => _loops.Exists(static loop => loop.IsStalled);

    public void StopStalling() => _loops.ForEach(loop => loop.StopStalling());

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

    /// <summary>Runs code of the member, which may end it; then checkers and clients look at what it did.</summary>
    public void Run(int what, Action code)
    {
        if (Do(code))
        {
            _cluster.Trace.Add(((ulong)Now << 16) ^ (Host.Id << 4) ^ (ulong)what);
            _cluster.Observe(this);
        }
    }

    /// <summary>Runs code of the member that changes nothing to look at.</summary>
    /// <returns>False if that has ended it.</returns>
    public bool Do(Action code)
    {
        try
        {
            code();
            return IsAlive;
        }
        catch (Exception crash) when (crash is SimulatedCrashException or ModelCrashException)
        {
            Host.Crash(crash.Message);
        }
        catch (BucketStoreException damage) when (damage.Fault == BucketStoreFault.Corrupt)
        {
            Host.Condemn(damage);
        }
        catch (NewerLevelException newer)
        {
            Host.EndTooOld(newer);
        }
        catch (Exception failure) when (
            failure is WalFailedException or StorageIoException or BucketStoreException or WalCorruptException)
        {
            // What the shell of a loop does with it: the process stops (LoopThread, FatalStops).
            SafetyViolationException.Require(
                failure is not BucketStoreException { Fault: BucketStoreFault.ReadersOpen },
                $"{Host.Name} stops because of what it need only wait for: {failure.Message}");
            Host.Crash($"stopped by itself: {failure.Message}", CrashLoss.Nothing);
        }

        return false;
    }

    private Action Add(State.Loops.ILoop loop, Func<long> duration, TimeSpan tick)
    {
        var simulated = new SimulatedLoop(this, loop, _loops.Count, duration, tick);
        _loops.Add(simulated);
        return simulated.Wake;
    }
}
