using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.Sql.Peers;
using Raftd.State.Rights;
using Raftd.State.Watch;

namespace Raftd.Sql.Buckets;

/// <summary>A bucket beside the default one, as this front serves it: its parts, on the threads that all such buckets share.</summary>
internal sealed class ServedBucket : IDisposable
{
    // Without requests, watches and leases for so long, it is looked at less often.
    private static readonly TimeSpan RestsAfter = TimeSpan.FromSeconds(10);

    // While it rests the upkeep looks at all buckets at once, each second, and wakes those whose logs have grown.
    private static readonly TimeSpan RestingPace = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan WatchPace = TimeSpan.FromMilliseconds(100);

    private readonly FrontParts _parts;
    private readonly UpkeepLoop _upkeep;
    private readonly FrontDoors _doors;
    private readonly TimeSpan _pollInterval;
    private readonly TimeProvider _time;
    private readonly Stack<Action> _undo = new();
    private long _lastUse;

    public ServedBucket(BucketRow row, FrontParts parts, UpkeepLoop upkeep, FrontDoors doors, FrontOptions limits, TimeProvider time)
    {
        Row = row;
        _parts = parts;
        _upkeep = upkeep;
        _doors = doors;
        _pollInterval = limits.PollInterval;
        _time = time;
        _lastUse = time.GetTimestamp();
        var service = parts.Service;
        var guard = new RightsGuard(service, service, service, service, service, service);
        Services = new BucketServices
        {
            Name = row.Name,
            Keys = guard,
            Leases = guard,
            Watches = guard,
            Cluster = guard,
            Group = new GroupRightsGuard(service),
            Maintenance = guard,
            Lists = guard,
        };
    }

    /// <summary>As it was when it was loaded.</summary>
    public BucketRow Row { get; }

    public BucketServices Services { get; }

    public CommitLoop Commits => _parts.Commits;

    public bool IsLed => _parts.Service.IsLeader;

    /// <summary>It was removed.</summary>
    public bool IsEnded => _parts.Board.Fence is { Code: ErrorCode.BucketNotFound };

    /// <summary>Something may happen in it that must be seen at once.</summary>
    public bool IsBusy =>
        _time.GetElapsedTime(Volatile.Read(ref _lastUse)) < RestsAfter
        || _parts.Watches.Count > 0
        || _parts.Waiters.Count > 0
        || _parts.Peers.HasListeners
        || (IsLed && _parts.Board.State.Leases.ById.Weight > 0);

    public void NoteUse() => Volatile.Write(ref _lastUse, _time.GetTimestamp());

    public Task TransferAsync() => _parts.Service.TransferLeadershipAsync(Caller.System, 0, CancellationToken.None).AsTask();

    public void EndWatches() => _parts.Watches.Dispose();

    public void Start(LoopTeam team)
    {
        _undo.Push(_parts.Service.Dispose);
        _undo.Push(_parts.Waiters.Dispose);
        _undo.Push(_parts.Watches.Dispose);
        _undo.Push(_parts.Commits.Dispose);
        _undo.Push(_parts.Reads.Dispose);
        var commits = team.Add(new SharedCommits(_parts.Commits), () => IsBusy ? _pollInterval : RestingPace);
        _parts.Commits.Wake = commits.Wake;
        var loop = new WatchLoop(_parts.Watches);
        var watches = team.Add(loop, () => _parts.Watches.Count > 0 ? WatchPace : RestingPace);
        loop.Wake = watches.Wake;
        var readers = new[] { false, true }.Select(prefersRanges => team.Add(new SharedReads(_parts.Reads, prefersRanges), static () => RestingPace)).ToList();
        _parts.Reads.Wake = () => readers.ForEach(static reader => reader.Wake());
        readers.ForEach(reader => _undo.Push(reader.Dispose));
        _undo.Push(watches.Dispose);
        _undo.Push(commits.Dispose);
        _upkeep.Add(_parts.Upkeep);
        _undo.Push(() => _upkeep.Remove(_parts.Upkeep));
        StartPeers(team);
        commits.Wake();
    }

    /// <summary>A bucket that rests here wants no hints: the front that leads it may rest, too.</summary>
    private void StartPeers(LoopTeam team)
    {
        _parts.Peers.WantsHints = () => IsBusy;
        var peers = team.Add(_parts.Peers, () => IsBusy ? FrontPeers.TickInterval : RestingPace);
        _parts.Peers.Wake = peers.Wake;
        _doors.Add(Row.ClusterId, _parts.Peers.Door);
        _undo.Push(_parts.Peers.Close);
        _undo.Push(peers.Dispose);
        _undo.Push(() => _doors.Remove(Row.ClusterId));
    }

    public void Dispose()
    {
        while (_undo.TryPop(out var undo))
        {
            undo();
        }
    }
}
