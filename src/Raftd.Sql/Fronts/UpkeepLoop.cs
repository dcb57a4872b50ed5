// What goes on beside the commits, on connections of its own: signs of life, the list of buckets, and for each bucket that is served here
// the election of its leader, sweeping and trimming (BucketUpkeep).
//
// No two clocks are compared. A front writes a number that rises; the others look whether it has risen, each by its own monotonic
// clock. So a leader is replaced when its number has stood still for LeaderSilence of the observer's time, and if two observers
// find that at once, one of them gets the row.
//
// One look brings all buckets with the ends of their logs. So a bucket that nothing happens in costs no look of its own.

using Microsoft.Extensions.Logging;
using Raftd.Sql.Database;
using Raftd.State.Loops;

namespace Raftd.Sql.Fronts;

internal sealed class UpkeepLoop(IDatabase database, FrontRow self, FrontOptions options, TimeProvider time, ILogger logger)
    : ILoop, IDisposable
{
    // A front without a sign of life for so many silences is forgotten.
    private const int ForgottenSilences = 20;

    // Rows of a removed bucket that one step deletes.
    private const int ClearStep = 1000;

    private readonly Dictionary<ulong, SignsOfLife> _signs = [];
    private readonly FaultLog _faults = new(logger, time);
    private readonly Queue<long> _removed = new();
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guards changes of the list of buckets.
    private readonly Lock _gate = new();
    private BucketUpkeep[] _buckets = [];
    private ISession? _session;
    private long _beat;
    private long _lastBeat;
    private long _clearAt;
    private volatile IReadOnlyList<FrontRow> _fronts = [self];
    private volatile IReadOnlyList<ulong> _living = [self.Id];
    private volatile IReadOnlyList<ulong> _silent = [];
    private volatile IReadOnlyList<ulong> _rising = [];
    private IReadOnlyList<ulong> _settled = [];
    private bool _hasGiven;

    /// <summary>As last seen. Any thread.</summary>
    public IReadOnlyList<FrontRow> Fronts => _fronts;

    public ulong Self => self.Id;

    /// <summary>Completes when it was tried to write that this front lives: unless that failed, the others find it now.</summary>
    public Task Begun => _begun.Task;

    /// <summary>Called with all buckets after each look at them, on this loop's thread.</summary>
    public Action<IReadOnlyList<BucketRow>> Seen { get; set; } = static _ => { };

    /// <summary>The front that takes a bucket without a leader. Any thread.</summary>
    public ulong HeirOf(long bucket) => BucketLeaders.Choose(bucket, _living);

    /// <summary>Another front that gives signs of life; null where there is none. Any thread.</summary>
    public FrontRow? SuccessorOf(long bucket)
    {
        var id = BucketLeaders.Choose(bucket, _rising);
        return id == 0 ? null : _fronts.FirstOrDefault(front => front.Id == id);
    }

    /// <summary>A front that has come and stays takes its share of the buckets, one with each look: no front loads many at once. On this
    /// loop's thread.</summary>
    /// <returns>The front that shall lead a bucket instead of this one; null where it stays.</returns>
    public ulong? GiveAway(long bucket)
    {
        var leader = BucketLeaders.Choose(bucket, _settled);
        if (_hasGiven || leader == self.Id || bucket == BucketRow.DefaultId)
        {
            return null;
        }

        _hasGiven = true;
        return leader;
    }

    /// <summary>For people, who know a front by its name: without those that are silent and whose names and addresses another one has,
    /// which lives. They were killed and started again. Any thread.</summary>
    /// <param name="fronts">As last seen, or newer.</param>
    public IReadOnlyList<FrontRow> ListOf(IReadOnlyList<FrontRow> fronts)
    {
        var silent = _silent;
        return [.. fronts.Where(front => !silent.Contains(front.Id) || !fronts.Any(other => !silent.Contains(other.Id) && IsRestart(other, front)))];
    }

    public void Add(BucketUpkeep bucket)
    {
        lock (_gate)
        {
            _buckets = [.. _buckets, bucket];
        }
    }

    public void Remove(BucketUpkeep bucket)
    {
        lock (_gate)
        {
            _buckets = [.. _buckets.Where(other => other != bucket)];
        }
    }

    public bool Step()
    {
        var buckets = _buckets;
        if (!Array.TrueForAll(buckets, static bucket => bucket.IsFenced))
        {
            TryUpkeep(buckets);
        }

        _begun.TrySetResult();
        return false;
    }

    public void Tick()
    {
    }

    public long? NextDeadline => _buckets.Select(static bucket => bucket.NextSweep).Append(_removed.Count > 0 ? _clearAt : null).Min();

    /// <summary>The thread has ended.</summary>
    public void Dispose()
    {
        try
        {
            _session ??= database.Open();
            _session.RemoveFront(self.Id);
        }
        catch (DatabaseException)
        {
            // The others find that it is silent.
        }

        _session?.Dispose();
    }

    /// <summary>Null while the front may live. One that has no row any more has gone on purpose.</summary>
    public TimeSpan? SilenceOf(ulong leader)
    {
        if (leader == 0 || !_fronts.Any(front => front.Id == leader) || !_signs.TryGetValue(leader, out var seen))
        {
            // The last: it was silent for so long that it has been forgotten just now.
            return TimeSpan.Zero;
        }

        var silence = time.GetElapsedTime(seen.Since);
        return silence >= options.LeaderSilence ? silence : null;
    }

    private void TryUpkeep(BucketUpkeep[] buckets)
    {
        try
        {
            BeatIfDue(buckets);
            Array.ForEach(buckets, static bucket => bucket.Sweep());
            ClearSome();
        }
        catch (DatabaseException failure)
        {
            // This thread tries again with the next tick.
            if (failure.Fault != DatabaseFault.Again)
            {
                _faults.Note(failure);
            }

            _session?.Dispose();
            _session = null;
        }
    }

    private void BeatIfDue(BucketUpkeep[] buckets)
    {
        if (_lastBeat != 0 && time.GetElapsedTime(_lastBeat) < options.BeatInterval)
        {
            return;
        }

        _lastBeat = time.GetTimestamp();
        _session ??= database.Open();
        _session.Beat(self with { Beat = ++_beat });
        LookAt(_session, _session.Fronts());
        var rows = _session.Buckets();
        NoteRemoved(rows);
        _hasGiven = false;
        foreach (var bucket in buckets)
        {
            bucket.LookAt(rows.FirstOrDefault(row => row.Id == bucket.Id));
        }

        Seen(rows);
    }

    private void LookAt(ISession session, IReadOnlyList<FrontRow> fronts)
    {
        _fronts = fronts;
        foreach (var front in fronts)
        {
            Note(front);
            if (front.Id != self.Id && time.GetElapsedTime(_signs[front.Id].Since) >= options.LeaderSilence * ForgottenSilences)
            {
                session.RemoveFront(front.Id);
            }
        }

        foreach (var gone in _signs.Keys.Except(fronts.Select(static front => front.Id)).ToList())
        {
            _signs.Remove(gone);
        }

        var living = fronts.Where(front => SilenceOf(front.Id) is null).Select(static front => front.Id).ToList();
        _living = living;
        _silent = [.. fronts.Select(static front => front.Id).Except(living)];
        _rising = [.. living.Where(id => id != self.Id && _signs[id].RisesSince is not null)];
        _settled = [self.Id, .. _rising.Where(id => time.GetElapsedTime(_signs[id].RisesSince!.Value) >= options.SettlesAfter)];
    }

    private void Note(FrontRow front)
    {
        var now = time.GetTimestamp();
        if (!_signs.TryGetValue(front.Id, out var before))
        {
            _signs[front.Id] = new SignsOfLife(front.Beat, now, RisesSince: null);
        }
        else if (before.Beat != front.Beat)
        {
            var wasSilent = time.GetElapsedTime(before.Since, now) >= options.LeaderSilence;
            _signs[front.Id] = new SignsOfLife(front.Beat, now, (wasSilent ? null : before.RisesSince) ?? now);
        }
    }

    private static bool IsRestart(FrontRow front, FrontRow former) =>
        (front.Label, front.HttpAddress, front.PeerAddress) == (former.Label, former.HttpAddress, former.PeerAddress);

    private void NoteRemoved(IReadOnlyList<BucketRow> rows)
    {
        _removed.Clear();
        foreach (var row in rows.Where(row => row.IsRemoved && HeirOf(row.Id) == self.Id))
        {
            _removed.Enqueue(row.Id);
        }
    }

    /// <summary>Deletes what removed buckets have left, and rests as long as each step took. A front that stops leaves the rest to
    /// another one.</summary>
    private void ClearSome()
    {
        var now = time.GetTimestamp();
        if (now < _clearAt || !_removed.TryPeek(out var bucket))
        {
            return;
        }

        _session ??= database.Open();
        if (!_session.ClearBucket(bucket, ClearStep))
        {
            _removed.Dequeue();
            SqlLog.BucketCleared(logger, bucket);
        }

        _clearAt = time.GetTimestamp() + (time.GetTimestamp() - now);
    }

    /// <param name="Beat">The number that the front has written last.</param>
    /// <param name="Since">When it was first seen with it.</param>
    /// <param name="RisesSince">When it was first seen to rise without a silence since then; null before.</param>
    private readonly record struct SignsOfLife(long Beat, long Since, long? RisesSince);
}
