// What goes on beside the commits, on a connection of its own: signs of life, the election of a leader, sweeping, trimming.
//
// No two clocks are compared. A front writes a number that rises; the others look whether it has risen, each by its own monotonic
// clock. So a leader is replaced when its number has stood still for LeaderSilence of the observer's time, and if two observers
// find that at once, one of them gets the row.

using Microsoft.Extensions.Logging;
using Raftd.Sql.Database;
using Raftd.State.Loops;

namespace Raftd.Sql.Fronts;

internal sealed class UpkeepLoop(
    IDatabase database, FrontRow self, FrontBoard board, CommitLoop commits, FrontOptions options, TimeProvider time, ILogger logger)
    : ILoop, IDisposable
{
    // Revisions looked at in one step of a sweep.
    private const int SweepStep = 1000;

    // Rows deleted in one step, and by how many more than are kept the log may grow before.
    private const int TrimStep = 5000;

    // A front without a sign of life for so many silences is forgotten.
    private const int ForgottenSilences = 20;

    // By front: its number, when it was first seen with it, and whether it was seen with another one before.
    private readonly Dictionary<ulong, (long Beat, long Since, bool HasRisen)> _beats = [];
    private readonly FaultLog _faults = new(logger, time);
    private ISession? _session;
    private long _beat;
    private long _lastBeat;
    private long _sweepAt;
    private bool _isSweeping = true;
    private volatile IReadOnlyList<FrontRow> _fronts = [self];
    private volatile FrontRow? _successor;

    /// <summary>As last seen. Any thread.</summary>
    public IReadOnlyList<FrontRow> Fronts => _fronts;

    /// <summary>Another front that gives signs of life; null where there is none. Any thread.</summary>
    public FrontRow? Successor => _successor;

    public bool Step()
    {
        if (board.Fence is not null)
        {
            return false;
        }

        try
        {
            _session ??= database.Open();
            BeatIfDue(_session);
            return Sweep(_session);
        }
        catch (DatabaseException failure)
        {
            // This thread tries again with the next tick.
            _faults.Note(failure);
            _session?.Dispose();
            _session = null;
            return false;
        }
    }

    public void Tick()
    {
    }

    public long? NextDeadline => _isSweeping ? _sweepAt : null;

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

    private bool IsLeader => board.State.Last.Leader == self.Id;

    private void BeatIfDue(ISession session)
    {
        if (_lastBeat != 0 && time.GetElapsedTime(_lastBeat) < options.BeatInterval)
        {
            return;
        }

        _lastBeat = time.GetTimestamp();
        session.Beat(self with { Beat = ++_beat });
        LookAt(session, session.Fronts());
        board.Swept = session.Swept();
        if (IsLeader && IsKnown(session))
        {
            session.TrimLog(board.State.Last.Seq - options.KeptRows, TrimStep);
        }
    }

    private void LookAt(ISession session, IReadOnlyList<FrontRow> fronts)
    {
        _fronts = fronts;
        var now = time.GetTimestamp();
        foreach (var front in fronts)
        {
            var isKnown = _beats.TryGetValue(front.Id, out var seen);
            if (!isKnown || seen.Beat != front.Beat)
            {
                _beats[front.Id] = (front.Beat, now, HasRisen: isKnown);
            }
            else if (front.Id != self.Id && time.GetElapsedTime(seen.Since) >= options.LeaderSilence * ForgottenSilences)
            {
                _beats.Remove(front.Id);
                session.RemoveFront(front.Id);
            }
        }

        _successor = fronts.FirstOrDefault(front => front.Id != self.Id && SilenceOf(front.Id, now) is null && _beats[front.Id].HasRisen);
        var last = board.State.Last;
        if (SilenceOf(last.Leader, now) is { } silence && last.Leader != self.Id)
        {
            SqlLog.TakingOver(logger, last.Leader, silence);
            commits.Appoint(last.Epoch, self.Id);
        }
    }

    /// <summary>Null while the front may live. One that has no row any more has gone on purpose.</summary>
    private TimeSpan? SilenceOf(ulong leader, long now)
    {
        if (leader == 0 || !_fronts.Any(front => front.Id == leader) || !_beats.TryGetValue(leader, out var seen))
        {
            // The last: it was silent for so long that it has been forgotten just now.
            return TimeSpan.Zero;
        }

        var silence = time.GetElapsedTime(seen.Since, now);
        return silence >= options.LeaderSilence ? silence : null;
    }

    /// <summary>Deletes what a compaction has left behind, and rests as long as each step took: writers keep most of their speed.</summary>
    private bool Sweep(ISession session)
    {
        var compacted = board.State.Last.CompactRevision;
        _isSweeping = IsLeader && board.Swept.Revision <= compacted && compacted > 0;
        var now = time.GetTimestamp();
        if (!_isSweeping || now < _sweepAt || !IsKnown(session))
        {
            return false;
        }

        board.Swept = session.Sweep(board.Swept.Revision, compacted, SweepStep);
        _sweepAt = time.GetTimestamp() + (time.GetTimestamp() - now);
        return false;
    }

    /// <summary>The database is the one that this front's state is of. One that has lost history may not be swept by what was compacted in
    /// the history that is gone: what it would lose is readable. The commit loop says so in a moment.</summary>
    private bool IsKnown(ISession session)
    {
        var last = board.State.Last;
        return session.LogFrom(last.Seq, 1) is [{ } row] && row.Seq == last.Seq && row.Chain == last.Chain;
    }
}
