using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.Sql.Peers;
using Raftd.State.Loops;
using Raftd.State.Rights;
using Raftd.State.Watch;

namespace Raftd.Sql.Buckets;

/// <summary>A bucket beside the default one, as this front serves it: its parts, on the threads that all such buckets share.</summary>
internal sealed class ServedBucket
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
    private readonly List<ILoopSeat> _seats = [];
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
    public bool IsEnded => _parts.Board.HasEnded;

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

    public void Start(IBucketThreads threads)
    {
        var commits = Seat(threads, new SharedCommits(_parts.Commits), () => IsBusy ? _pollInterval : RestingPace);
        _parts.Commits.Wake = commits.Wake;
        var loop = new WatchLoop(_parts.Watches);
        loop.Wake = Seat(threads, loop, () => _parts.Watches.Count > 0 ? WatchPace : RestingPace).Wake;
        var keys = Seat(threads, new SharedReads(_parts.Reads, prefersRanges: false), static () => RestingPace);
        var ranges = Seat(threads, new SharedReads(_parts.Reads, prefersRanges: true), static () => RestingPace);
        _parts.Reads.Wake = () =>
        {
            keys.Wake();
            ranges.Wake();
        };
        _upkeep.Add(_parts.Upkeep);

        // A bucket that rests here wants no hints: the front that leads it may rest, too.
        _parts.Peers.WantsHints = () => IsBusy;
        _parts.Peers.Wake = Seat(threads, _parts.Peers, () => IsBusy ? FrontPeers.TickInterval : RestingPace).Wake;
        _doors.Add(Row.ClusterId, _parts.Peers.Door);
        commits.Wake();
    }

    /// <summary>Its requests and watches end, with the reason that its board has.</summary>
    /// <returns>Completes when nothing of it runs any more.</returns>
    public async Task EndAsync()
    {
        _doors.Remove(Row.ClusterId);
        _upkeep.Remove(_parts.Upkeep);
        await Task.WhenAll(_seats.Select(static seat => seat.LeaveAsync()));
        _parts.Peers.Close();
        _parts.Reads.Dispose();
        _parts.Commits.Dispose();
        _parts.Watches.Dispose();
        _parts.Waiters.Dispose();
        _parts.Service.Dispose();
    }

    private ILoopSeat Seat(IBucketThreads threads, ILoop loop, Func<TimeSpan> pace)
    {
        var seat = threads.Add(loop, pace);
        _seats.Add(seat);
        return seat;
    }
}
