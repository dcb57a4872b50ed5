using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Service;
using Raftd.Peers;
using Raftd.Peers.Forwarding;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.State.Loops;
using Raftd.Store.Buckets;

namespace Raftd.Node.Peers;

/// <summary>Everything between a member and its peers: the streams, the door, snapshots in and out, calls to the leader, and
/// a leader's answers about leases and members.</summary>
/// <remarks>The machines of the streams are stepped by the wire, which moves their bytes; this loop keeps their time, and
/// runs the awaited code (LoopContext).</remarks>
internal sealed class PeerLoop : ILoop
{
    private static readonly TimeSpan UpkeepInterval = TimeSpan.FromSeconds(1);

    private readonly PeerTransport _transport;
    private readonly SnapshotDispatch _dispatch;
    private readonly MemberUpkeep _upkeep;
    private readonly TimeProvider _time;
    private readonly LoopContext _context = new();
    private readonly ulong _self;
    private long _keptUpAt;

    /// <param name="options">Who this member is, and its times.</param>
    /// <param name="member">The parts that the peers speak to.</param>
    /// <param name="fence">Raised when this member's state turns out to be wrong.</param>
    /// <param name="state">Where a snapshot is received.</param>
    /// <param name="transport">Gets its callbacks here.</param>
    /// <param name="wire">Opens streams.</param>
    /// <param name="time">Monotonic time; only its timestamps are used.</param>
    /// <param name="logger">Gets a line for each change.</param>
    public PeerLoop(
        PeerLoopOptions options, RaftdMember member, Fence fence, IStateDirectory state, PeerTransport transport, IPeerWire wire,
        TimeProvider time, ILogger logger)
    {
        var self = options.Self;
        var replica = member.Replica;
        var verdict = new RemovalVerdict(self, logger);
        Leases = new LeaseKeeper(replica, replica, member.State, member.State, member.Lessor, options.MaxLeaseKeys);
        _time = time;
        _self = self.MemberId;
        _keptUpAt = time.GetTimestamp();
        _transport = transport;
        _dispatch = new SnapshotDispatch(options, wire, member.Spooler, member.PeerPins, replica, time, logger);
        Membership = new MembershipKeeper(self, replica, options.DrawMemberId, options.ClientScheme);
        Calls = new LeaderCalls(Leases, Membership);
        Router = new LeaderRouter(self.Peer, replica, replica, wire, _context, options.RequestTimeLimit, time, logger);
        Divergence = new DivergenceWatch(member.State);
        Intake = new SnapshotIntake(state, replica, self.ClusterId, member.State.KnownLevel, time, logger);
        Door = new PeerDoor(
            self, replica, transport, Intake, Divergence, member.Reports, Calls.Table(), _context, time, logger);
        _upkeep = new MemberUpkeep(options, member, fence, transport, Divergence, Router, Calls, _context, logger);
        replica.LeaderChanged = Router.LeaderChanged;
        transport.Unreachable = replica.PeerUnreachable;
        transport.StartSnapshot = _dispatch.Start;
        transport.ToldRemoved = (from, notice) =>
        {
            if (verdict.IsRemoved(from, notice, replica.Status, out var reason))
            {
                Removed(reason);
            }
        };
    }

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake
    {
        set => _context.Wake = value;
    }

    /// <summary>Called when this member was removed from its cluster and has to stop. Set before the first Follow.</summary>
    public Action<string> Removed { get; set; } = static _ => { };

    /// <summary>Called when a snapshot has a feature level that this build does not know.</summary>
    public Action<NewerLevelException> Newer
    {
        set => Intake.Newer = value;
    }

    /// <summary>Called once a second, for the process.</summary>
    public Action EachSecond { get; set; } = static () => { };

    public PeerDoor Door { get; }

    public SnapshotIntake Intake { get; }

    public DivergenceWatch Divergence { get; }

    public LeaderRouter Router { get; }

    public LeaderCalls Calls { get; }

    public LeaseKeeper Leases { get; }

    public MembershipKeeper Membership { get; }

    /// <summary>Opens streams to the members that this one knows before its log names more.</summary>
    public void Follow(MemberTable known) => _transport.Follow(known);

    public bool Step() => _context.Step();

    public void Tick()
    {
        _transport.Tick();
        Door.Tick();
        Intake.Tick();
        _dispatch.Tick();
        Router.Tick();
        if (_time.GetElapsedTime(_keptUpAt) >= UpkeepInterval)
        {
            _keptUpAt = _time.GetTimestamp();
            _upkeep.Turn();
            EachSecond();
        }
    }

    /// <summary>Before a planned stop: hands leadership, if this member has it, to the member most likely to win. Any
    /// thread.</summary>
    /// <returns>Whether another member leads now. Without a successor the others elect one when the heartbeats stop.</returns>
    public Task<bool> HandOverAsync()
    {
        var ended = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _context.Run(async () => ended.SetResult(await TryHandOverAsync()));
        return ended.Task;
    }

    private async Task<bool> TryHandOverAsync()
    {
        try
        {
            return await Membership.TransferAsync(to: 0) != _self;
        }
        catch (Exception notNow) when (notNow is StoreException or NotLeaderException)
        {
            return false;
        }
    }

    /// <summary>Ends all streams and all calls that wait. Before the loop stops.</summary>
    public void Close()
    {
        _transport.Close();
        _dispatch.Close();
        Router.Close();
    }
}
