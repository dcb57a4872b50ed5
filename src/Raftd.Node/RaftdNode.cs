// The node: all running parts of one member, from the data directory's lock to the threads.
//
// The start, in this order: lock the directory; listen for peers; find the identity (member.json, or join, or found); open
// the log and the state and boot the core; start the loops; answer requests. The stop goes backwards, after leadership has
// been handed over.
//
// Until it runs, the services answer not_ready with the reason, so that the client address can listen from the start.

using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Node.Backups;
using Raftd.Node.Loops;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Peers.Http;
using Raftd.Node.Replication;
using Raftd.Node.Service;
using Raftd.Peers;
using Raftd.Peers.Http;
using Raftd.State.Commands;
using Raftd.State.Leases;
using Raftd.State.Loops;
using Raftd.State.Rights;
using Raftd.Store.Lmdb;
using Raftd.Wal;

namespace Raftd.Node;

/// <summary>One member of a cluster. Created, started once, disposed once.</summary>
public sealed class RaftdNode : IAsyncDisposable
{
    // A step of a backup takes milliseconds where its disk answers.
    private static readonly TimeSpan BackupPatience = TimeSpan.FromSeconds(1);

    private readonly NodeOptions _options;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly ILogger _logger;
    private readonly PosixFileSystem _files = new();
    private readonly PeerServer _server;
    private readonly ServiceGate _gate;
    private readonly RightsGuard _guard;
    private readonly Stack<Func<ValueTask>> _undo = new();
    private readonly TaskCompletionSource<FatalStopException> _failed =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StateDirectory? _state;
    private RaftdMember? _member;
    private PeerLoop? _peers;

    public RaftdNode(NodeOptions options, ILoggerFactory loggers)
    {
        _options = options;
        var outside = ServiceGate.StatusOutside(
            options.Label, options.AdvertisedHttpAddress, options.AdvertisedPeerAddress, options.QuotaBytes, options.Version);
        _gate = new ServiceGate(outside, options.EngineLimits);
        _guard = new RightsGuard(_gate, _gate, _gate, _gate, _gate, _gate);
        Group = new GroupRightsGuard(_gate);
        _logger = loggers.CreateLogger("raftd");
        _server = new PeerServer(
            options.PeerEndPoint, options.PeerTls, static (_, _, stream) => NotAMember.Refuse(stream),
            new PeerCall(PeerJoin.Path, new PeerJoin(Group, _time).HandleAsync), loggers, _time, Break);
    }

    /// <summary>The newest feature level that this build knows.</summary>
    public static int NewestFeatureLevel => FeatureLevel.Newest;

    public IKeyValueService KeyValues => _guard;

    public ILeaseService Leases => _guard;

    public IWatchService Watches => _guard;

    public IClusterService Cluster => _guard;

    public IMaintenanceService Maintenance => _guard;

    public IListService Lists => _guard;

    public IGroupService Group { get; }

    /// <summary>The parts themselves, once started: for tests that check what no service shows.</summary>
    internal RaftdMember? Member => _member;

    /// <summary>Completes when the member must stop: the reason says with which exit code.</summary>
    public Task<FatalStopException> Failed => _failed.Task;

    /// <summary>Returns once the member answers requests. May take minutes while the cluster that it joins does not answer.</summary>
    /// <exception cref="FatalStopException">It cannot start.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        NodeLog.Starting(_logger, _options.Label, _options.DataDirectory);
        try
        {
            await StartPartsAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not (FatalStopException or OperationCanceledException))
        {
            throw FatalStops.Of(failure, _options.DataDirectory);
        }
    }

    /// <summary>Ends the calls that wait, syncs, and unlocks the directory. After HandOverAsync, or without it.</summary>
    public async ValueTask DisposeAsync()
    {
        NodeLog.Stopping(_logger);
        _gate.Close("this member is shutting down");
        await _server.DisposeAsync();
        while (_undo.TryPop(out var undo))
        {
            await undo();
        }

        NodeLog.Stopped(_logger);
    }

    private async Task StartPartsAsync(CancellationToken cancellationToken)
    {
        DataDirectory.Prepare(_files, _options.DataDirectory);
        var directoryLock = DirectoryLock.Acquire(_options.DataDirectory);
        Undo(directoryLock.Dispose);
        _undo.Push(_server.DisposeAsync);
        await _server.StartAsync(_options.PeerEndPoint);

        var file = new IdentityFile(_files, _options.DataDirectory);
        var identity = await IdentifyAsync(file, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        var wire = new HttpPeerWire(_options.PeerTls, _time, Break);
        _undo.Push(wire.DisposeAsync);
        var transport = new PeerTransport(identity, _options.AdvertisedPeerAddress, wire, _time, _logger);
        var member = OpenMember(file, identity, transport);
        StartLoops(member, file, identity, wire, transport);
        NodeLog.Running(
            _logger, member.State.Applied.Index, member.Wal.FirstIndex, member.Wal.LastIndex,
            member.State.View().Revision, Stopwatch.GetElapsedTime(started));
    }

    private async Task<MemberIdentity> IdentifyAsync(IdentityFile file, CancellationToken cancellationToken)
    {
        var identity = file.Load();
        if (identity is { IsMember: true })
        {
            return Known(identity);
        }

        identity = (identity ?? file.Begin(_options.Label)) with { Label = _options.Label };
        identity = _options.Join.Count > 0
            ? await JoinAsync(identity, cancellationToken)
            : await FoundAsync(identity, cancellationToken);
        Failpoint.Hit("member.identified");
        file.Save(identity);
        return identity;
    }

    private async Task<MemberIdentity> JoinAsync(MemberIdentity self, CancellationToken cancellationToken)
    {
        _gate.Close($"this member is joining through {string.Join(", ", _options.Join)}");
        var request = JoinAttempts.RequestOf(
            self, _options.AdvertisedHttpAddress, _options.AdvertisedPeerAddress, _options.Generator, FeatureLevel.Newest);
        var arePeers = _options.JoinsThroughPeers;
        var attempts = new JoinAttempts(self, request, _options.Join, new SeededRandom(Random.Shared.Next()), _logger);
        var joining = new Joining(attempts, arePeers, arePeers ? _options.PeerTls : _options.JoinTls, _time);
        var identity = await joining.JoinAsync(cancellationToken);
        NodeLog.Joined(_logger, identity.ClusterId, identity.MemberId);
        return identity;
    }

    private async Task<MemberIdentity> FoundAsync(MemberIdentity self, CancellationToken cancellationToken)
    {
        var founding = new Founding(
            self, _options.Generator, _options.DataDirectory, _options.ElectionTimeout, _options.ClientScheme);
        _server.Attach((handshake, _, stream) => founding.Knock(handshake, stream));
        NodeLog.WaitingToFound(_logger, founding.Wait);
        await Task.WhenAny(founding.Called, Task.Delay(founding.Wait, _time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        var identity = founding.End();
        NodeLog.Founded(_logger, identity.ClusterId, identity.MemberId);
        return identity;
    }

    private MemberIdentity Known(MemberIdentity identity)
    {
        if (identity.Label != _options.Label)
        {
            throw new FatalStopException(
                FatalReason.IdentityRefused,
                $"{_options.DataDirectory} belongs to member {identity.Label}, not to {_options.Label}",
                "start it with the id it has, or give this member a directory of its own");
        }

        if (identity.FencedBecause is { } fenced)
        {
            NodeLog.StillFenced(_logger, fenced, Fence.RepairOf(identity.Label, _options.DataDirectory, _options.ClientScheme));
        }

        if (_options.Join.Count > 0)
        {
            NodeLog.JoinIgnored(_logger, _options.DataDirectory, identity.MemberId);
        }

        return identity;
    }

    private RaftdMember OpenMember(IdentityFile file, MemberIdentity identity, PeerTransport transport)
    {
        var started = MemberStart.Run(_options, file, identity, transport, _time, _logger);
        Undo(started.State.Dispose);
        Undo(started.Member.Dispose);
        _state = started.State;
        return _member = started.Member;
    }

    /// <summary>Starts the threads, the streams and the services; they stop in the opposite order.</summary>
    private void StartLoops(
        RaftdMember member, IdentityFile file, MemberIdentity identity, IPeerWire wire, PeerTransport transport)
    {
        var tick = MemberTuning.TickInterval(_options);
        var flusher = Loop("raftd-flusher", member.Flusher, tick, wake => member.Flusher.Wake = wake);
        var applier = Loop("raftd-applier", member.Applier, tick, wake => member.Applier.Wake = wake);
        var log = Loop("raftd-log", member.Log, tick, wake => member.Log.Wake = wake);
        var spooler = Loop("raftd-spooler", member.Spooler, tick, wake => member.Spooler.Wake = wake);
        var logReader = Loop("raftd-log-reader", member.LogReader, LogReader.TickInterval, wake => member.LogReader.Wake = wake);
        var watches = Loop("raftd-watches", member.Watches, tick, wake => member.Watches.Wake = wake);
        var replica = Loop("raftd-replica", member.Replica, tick, wake => member.Replica.Wake = wake);

        member.State.Damaged = Break;
        var peers = new PeerLoop(
            new PeerLoopOptions
            {
                Self = identity,
                Start = IdentityFile.DrawId(),
                DataDirectory = _options.DataDirectory,
                HttpAddress = _options.AdvertisedHttpAddress,
                PeerAddress = _options.AdvertisedPeerAddress,
                ClientScheme = _options.ClientScheme,
                RequestTimeLimit = _options.RequestTimeLimit,
                DrawMemberId = static _ => IdentityFile.DrawId(),
                MaxLeaseKeys = _options.MaxLeaseKeys,
                QuotaBytes = _options.QuotaBytes,
            },
            member, new Fence(file, identity, member.Replica), _state!, transport, wire, _time, _logger)
        {
            EachSecond = new MemoryTrim().Turn,
            Newer = Break,
            Removed = reason => Fail(new FatalStopException(
                FatalReason.IdentityRefused, reason, "to bring it back, empty its data directory and start it with -join")),
        };
        var peerLoop = Loop("raftd-peers", peers, tick, wake => peers.Wake = wake);
        peers.Follow(MemberTable.Of(identity.KnownMembers));
        _peers = peers;
        var ids = new SnowflakeGenerator(identity.Generator, _time);
        var backups = _options.Backups is { } options ? ScheduleOf(options, member, identity) : null;
        var service = new NodeService(
            _options, identity, member.Replica, member.State, member.Log, member.Reports, member.PeerPins, peers.Router, peers.Calls,
            ids, member.Watches.Hub, member.Spooler, member.Defragmenter, backups);
        Undo(service.Dispose);

        var poolGuard = Loop("raftd-pool-guard", new PoolGuard(new RuntimePool(), _time, _logger), tick / 2, static _ => { });
        foreach (var loop in (LoopThread[])[poolGuard, flusher, watches, applier, log, logReader, spooler, replica, peerLoop])
        {
            loop.Start();
            Undo(loop.Dispose);
        }

        if (backups is not null)
        {
            Start(backups, tick);
        }

        Undo(peers.Close);
        _server.Attach(peers.Door.Knock);
        _gate.Open(service);
    }

    private BackupSchedule ScheduleOf(BackupOptions options, RaftdMember member, MemberIdentity self) => new(
        options, new BackupDirectory(_files, options.Directory, self.ClusterId, self.MemberId), member.Spooler, member.State,
        () => member.Replica.Status.FencedBecause, _time, _logger);

    /// <summary>What a disk that hangs still holds at the end is left to the end of the process.</summary>
    private void Start(BackupSchedule backups, TimeSpan tick)
    {
        var thread = Loop("raftd-backups", backups, tick, wake => backups.Wake = wake);
        thread.Start();
        Undo(() =>
        {
            if (thread.Stop(BackupPatience))
            {
                backups.Dispose();
            }
        });
    }

    private LoopThread Loop(string name, ILoop loop, TimeSpan tick, Action<Action> setWake)
    {
        var thread = new LoopThread(name, loop, tick, _time, Break);
        setWake(thread.Wake);
        return thread;
    }

    /// <summary>Before a planned stop: hands leadership to another member, so that the cluster loses no election timeout.
    /// Requests are still answered.</summary>
    public async Task HandOverAsync()
    {
        if (_member is not { } member || _peers is not { } peers || !member.Replica.Status.IsLeader
            || member.Replica.Status.Configuration.Voters.Length < 2)
        {
            return;
        }

        await Task.WhenAny(peers.HandOverAsync(), Task.Delay(_options.ElectionTimeout * 2, _time));
    }

    /// <summary>Before a planned stop: ends the watches, whose clients go on elsewhere. They would never end by themselves.</summary>
    public void EndWatches() => _member?.Watches.Hub.Dispose();

    /// <summary>A part has failed in a way that it cannot go on from.</summary>
    private void Break(Exception failure) => Fail(FatalStops.Of(failure, _options.DataDirectory));

    private void Fail(FatalStopException failure)
    {
        NodeLog.Fatal(_logger, failure, failure.Message);
        _gate.Close("this member is stopping");
        _failed.TrySetResult(failure);
    }

    private void Undo(Action undo) => _undo.Push(() =>
    {
        undo();
        return default;
    });
}
