// This member's answers to the contract. Writes go to the leader, reads are answered here after a read barrier.

using Raftd.Contract;
using Raftd.Node.Backups;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Replication;
using Raftd.Peers.Forwarding;
using Raftd.State.Leading;
using Raftd.State.Leases;
using Raftd.State.Rights;
using Raftd.State.Watch;
using Raftd.Store;

namespace Raftd.Node.Service;

internal sealed partial class NodeService : IEngineService
{
    private readonly NodeOptions _options;
    private readonly MemberIdentity _self;
    private readonly Replica _replica;
    private readonly StateMachine _state;
    private readonly LogWriter _log;
    private readonly PeerReports _reports;
    private readonly PeerPins _pins;
    private readonly LeaderRouter _router;
    private readonly LeaderCalls _calls;
    private readonly WriteCalls _writes;
    private readonly WatchHub _watches;
    private readonly SnapshotSpooler _spooler;
    private readonly Defragmenter _defragmenter;
    private readonly BackupSchedule? _schedule;

    public NodeService(
        NodeOptions options, MemberIdentity self, Replica replica, StateMachine state, LogWriter log, PeerReports reports,
        PeerPins pins, LeaderRouter router, LeaderCalls calls, SnowflakeGenerator ids, WatchHub watches,
        SnapshotSpooler spooler, Defragmenter defragmenter, BackupSchedule? schedule)
    {
        _options = options;
        Limits = options.EngineLimits;
        _self = self;
        _replica = replica;
        _state = state;
        _log = log;
        _reports = reports;
        _pins = pins;
        _router = router;
        _calls = calls;
        _writes = new WriteCalls(router.ProposeAsync, () => replica.FeatureLevel, ids, options.MaxLeaseKeys);
        _watches = watches;
        _spooler = spooler;
        _defragmenter = defragmenter;
        _schedule = schedule;
    }

    private async ValueTask BarrierAsync(ReadLevel level, CancellationToken cancellationToken)
    {
        var isConfirmed = level == ReadLevel.Stale || await UntilCancelledAsync(_replica.ReadBarrierAsync(), cancellationToken);
        RequireUnfenced();
        if (!isConfirmed)
        {
            throw new StoreException(
                ErrorCode.NoLeader,
                "no leader confirmed the read in time",
                "a majority of the members must be up; level=stale reads what this member has");
        }
    }

    /// <summary>Mostly the barrier is passed at once, or the caller has no limit of its own.</summary>
    private static ValueTask<bool> UntilCancelledAsync(ValueTask<bool> barrier, CancellationToken cancellationToken) =>
        barrier.IsCompleted || !cancellationToken.CanBeCanceled ? barrier : new(barrier.AsTask().WaitAsync(cancellationToken));

    /// <summary>What a fenced member has may be wrong, so it answers no read, not even a stale one: stale means old, not
    /// false.</summary>
    private void RequireUnfenced()
    {
        if (_replica.Status.FencedBecause is { } fenced)
        {
            throw new StoreException(ErrorCode.NotReady, $"this member is fenced: {fenced}", "ask another member");
        }
    }
}
