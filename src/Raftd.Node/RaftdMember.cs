// A whole member without threads: the log, the state, the core and the loops around them, opened and wired together.
//
// The order of opening is the order of trust. The log is opened first and rewrites its tail (docs/wal-format.md); the
// state then says how far it has come, and the log of a new cluster begins behind that; where the state is ahead of the
// log, because a snapshot was installed and the log had not restarted yet, the log restarts there; only then does the core
// boot, and it votes with what is durable now.

using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.State.Timekeeping;
using Raftd.State.Watch;
using Raftd.Store;
using Raftd.Wal;

namespace Raftd.Node;

internal sealed class RaftdMember : IDisposable
{
    private RaftdMember()
    {
    }

    public required WriteAheadLog Wal { get; init; }

    public required StateMachine State { get; init; }

    public required LogWriter Log { get; init; }

    public required LogReader LogReader { get; init; }

    public required Flusher Flusher { get; init; }

    /// <summary>Stepped by the flusher.</summary>
    public required Defragmenter Defragmenter { get; init; }

    public required Applier Applier { get; init; }

    public required Lessor Lessor { get; init; }

    public required Replica Replica { get; init; }

    public required WatchLoop Watches { get; init; }

    public required SnapshotSpooler Spooler { get; init; }

    public required PeerPins PeerPins { get; init; }

    /// <summary>The last report of each peer, put here by the streams of the peer port.</summary>
    public required PeerReports Reports { get; init; }

    /// <exception cref="WalCorruptException">Damage below what was synced.</exception>
    /// <exception cref="StorageIoException">The disk failed; start again.</exception>
    public static RaftdMember Open(MemberOptions options, MemberSeams seams)
    {
        // First: the remains of a snapshot may fill the disk so far that the log cannot open.
        var spool = new SpoolDirectory(seams.Files, seams.SpoolDirectory);
        spool.Prepare();
        var wal = WriteAheadLog.Open(seams.Files, seams.LogDirectory, options.Wal);
        StateMachine? state = null;
        try
        {
            NoteTail(wal, seams.Logger);
            state = StateMachine.Open(seams.State, options.Store);
            Found(wal, state.Applied, options.Founding);
            Reconcile(wal, state, seams.Logger);
            return Wire(options, seams, spool, wal, state);
        }
        catch
        {
            state?.Dispose();
            wal.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Replica.EndWaiting();
        Watches.Hub.Dispose();
        Spooler.Dispose();
        Defragmenter.Dispose();
        State.Dispose();
        Wal.Dispose();
    }

    private static void NoteTail(WriteAheadLog wal, ILogger logger)
    {
        if (wal.Recovery.Tail.Kind == TailKind.Torn)
        {
            NodeLog.TornTail(logger, wal.Recovery.Tail.BytesDropped);
        }
    }

    /// <summary>The first entry of a new cluster is its first configuration, committed by its only voter. Where the state comes out
    /// of a backup, the log begins behind that, in the next term.</summary>
    private static void Found(WriteAheadLog wal, AppliedState restored, Configuration? founding)
    {
        if (founding is null || wal.LastIndex > restored.Index)
        {
            return;
        }

        var state = new LogState(Term: restored.Term + 1, Vote: 0, Commit: restored.Index + 1, Recovering: false);
        if (restored.Index > 0)
        {
            wal.Reset(restored.Index, restored.Term, state with { Commit = restored.Index });
        }

        wal.Append([new LogEntry(state.Term, restored.Index + 1, (byte)EntryKind.Configuration, founding.Encode())], state);
        wal.Sync();
    }

    /// <summary>The state may be ahead of the log only after an interrupted install; then the log restarts there.</summary>
    private static void Reconcile(WriteAheadLog wal, StateMachine state, ILogger logger)
    {
        var applied = state.Applied;
        if (IsInLog(new EntryId(applied.Term, applied.Index), wal.FirstIndex, wal.LastIndex, wal.Term))
        {
            return;
        }

        Invariant.Check(
            applied.Index + 1 >= wal.FirstIndex,
            $"the log begins at {wal.FirstIndex}, the state ends at {applied.Index}: entries between them are missing");
        NodeLog.LogRestarted(logger, applied.Index, wal.LastIndex);
        var last = wal.State;
        wal.Reset(
            applied.Index,
            applied.Term,
            last with { Term = Math.Max(last.Term, applied.Term), Commit = applied.Index });
    }

    /// <summary>Whether the entries behind the state in the log are those that follow it.</summary>
    internal static bool IsInLog(EntryId applied, ulong first, ulong last, Func<ulong, ulong> termOf) =>
        applied.Index + 1 >= first && applied.Index <= last && termOf(applied.Index) == applied.Term;

    private static RaftdMember Wire(
        MemberOptions options, MemberSeams seams, SpoolDirectory spool, WriteAheadLog wal, StateMachine state)
    {
        var storage = new WalRaftStorage(wal);
        var raft = new RaftNode(options.Raft, storage, seams.Random, BootState(wal, state));
        if (options.Self.FencedBecause is null && raft.IsPromotable && raft.Configuration.Voters.Length == 1)
        {
            // No other member can be elected, so there is no reason to wait for a timeout.
            raft.Campaign();
        }

        var log = new LogWriter(wal, seams.Peers, options.LogRetentionBytes, seams.Logger)
        {
            MaxPinnedBytes = () => options.MaxPinnedLogBytes ?? Math.Max(Bounds.MaxPinnedLogBytes.Default, state.StoredSize().InUse / 2),
        };
        log.Flushed(state.FlushedIndex);
        var logReader = new LogReader(wal);
        var defragmenter = new Defragmenter(seams.State, seams.Logger);
        var flusher = new Flusher(state, wal, log, defragmenter, seams.Logger);
        var lessor = new Lessor(state, seams.Time);
        var watches = new WatchHub(state, options.Watch, seams.Time);
        state.Observe(watches);
        var applier = new Applier(state, lessor, flusher, options.Flush, options.LeasesPerStep, seams.Time);
        var gate = new QuotaGate(options.QuotaBytes, state, seams.Time);
        var reports = new PeerReports(seams.Time);
        var replica = new Replica(
            raft, log, applier, state, gate, seams.Peers, options.Replica, seams.Time, seams.Logger, options.Self);
        var alarms = new SpaceAlarms(replica, state, gate, () => wal.IsSpaceLow, reports, seams.Logger);
        var compactor = new Compactor(replica, state, new CompactionPolicy(options.QuotaBytes), seams.Time, seams.Logger);
        var levels = new LevelRaiser(replica, state, reports, seams.Logger);
        var leases = new LeaseDuties(lessor, () => replica.OwnCommands, replica.ProposeFromLoop);
        var duties = new LeaderUpkeep(replica, leases, alarms, levels, compactor, seams.Time, seams.Logger);
        var pins = new PeerPins(log, reports, seams.Time, seams.Logger);
        var spooler = new SnapshotSpooler(
            state, log.Pins, spool, options.Spool, options.Self.ClusterId, seams.Time, seams.Logger);

        replica.AfterTick = () =>
        {
            duties.Tick();
            pins.Tick(raft);
        };
        replica.RoomSought = compactor.MakeRoom;
        replica.LevelSought = levels.Tick;
        replica.EntriesWanted = logReader.Post;
        logReader.Read = replica.EntriesRead;
        log.Durable = replica.Durable;
        log.Releasing = replica.LogReleasing;
        replica.ReleaseLog = index =>
        {
            storage.Release(index);
            log.Release(index);
        };
        applier.Applied = replica.Applied;
        applier.Promoted = replica.Promoted;
        applier.Installed = log.WakeUp;
        flusher.Flushed = applier.WakeUp;
        defragmenter.Wake = () => flusher.Wake();
        return new RaftdMember
        {
            Wal = wal,
            State = state,
            Log = log,
            LogReader = logReader,
            Flusher = flusher,
            Defragmenter = defragmenter,
            Applier = applier,
            Lessor = lessor,
            Replica = replica,
            Watches = new WatchLoop(watches),
            Spooler = spooler,
            PeerPins = pins,
            Reports = reports,
        };
    }

    private static RaftBootState BootState(WriteAheadLog wal, StateMachine state) => new()
    {
        HardState = new HardState(
            wal.State.Term, new NodeId(wal.State.Vote), wal.State.Commit, wal.State.Recovering),
        Configuration = Configurations.Decode(state.Configuration),
        ConfigurationIndex = state.ConfigurationIndex,
        AppliedIndex = state.Applied.Index,
    };
}
