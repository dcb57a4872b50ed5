// How long a lease, or a key with a deadline of its own, may still live.
//
// A renewal gives it the full time. From then on it has less by what the leader's clock counts while that leader
// serves. Time in which no leader serves is not counted: that time prolongs it. A new leader goes on from what is stored,
// which is what it had left at the last checkpoint, and a lease that is silent has one in each interval of service: an
// eighth of what it has left, at most ten minutes (SilenceClock). So an election gives back at most one interval and the
// time that a checkpoint takes.

namespace Raftd.Simulation.Checkers;

/// <summary>The longest rest of one lease or key. Times are microseconds of the leaders' clocks.</summary>
/// <param name="fullMicroseconds">Its time to live.</param>
/// <param name="tickMicroseconds">Of a leader, which looks once in a tick.</param>
/// <param name="syncMicroseconds">Of a disk, in the mean. An end waits for two in a row, and each may take several times it.</param>
/// <param name="isKey">A key, for which its lease's checkpoints speak as long as none renews another key: its own begin up
/// to one interval later.</param>
internal sealed class LeaseCountdown(double fullMicroseconds, double tickMicroseconds, double syncMicroseconds, bool isKey)
{
    private const double Minute = 60.0 * Scheduler.Second;

    // How long an end that is due, or a checkpoint, may take: some ticks, a sync and a round of the network.
    private readonly double _endTakes = Math.Max(0.5 * Scheduler.Second, 5 * tickMicroseconds) + (4 * syncMicroseconds);
    private readonly double _checkpointTakes = Math.Max(0.3 * Scheduler.Second, 3 * tickMicroseconds);
    private double _full = fullMicroseconds;
    private double _left = fullMicroseconds;

    // What a new leader starts from.
    private double _stored = fullMicroseconds;
    private double _silence;
    private double _lastBeat;
    private double _longestGap;
    private ulong _renewedIn;

    /// <summary>Between the last two beats of renewals at one leader, which waits half as long again before it stores
    /// anything. Renewals that follow each other closely are one beat.</summary>
    public double Gap { get; private set; }

    /// <summary>The leader that could end it has had the time to.</summary>
    public bool IsOver => _left < -_endTakes;

    private double ShortestSilence => Math.Min(_full / 4, Minute);

    /// <summary>Between two checkpoints, the later of them now: there was an eighth more left at the one before.</summary>
    private double Interval => Math.Clamp(
        (Math.Max(0, _left) + Scheduler.Second) / 7, Math.Clamp(_full / 1440, Scheduler.Second, Minute), 10 * Minute);

    /// <param name="fullMicroseconds">Its time to live.</param>
    /// <param name="term">The leader's.</param>
    /// <param name="now">By the leader's clock: the gap is what that makes of it.</param>
    public void Renew(double fullMicroseconds, ulong term, double now)
    {
        _full = _left = _stored = fullMicroseconds;
        if (_renewedIn != term)
        {
            (Gap, _lastBeat) = (0, now);
        }
        else if (now - _lastBeat > ShortestSilence / 2)
        {
            (Gap, _lastBeat) = (now - _lastBeat, now);
        }

        _silence = _longestGap = 0;
        _renewedIn = term;
    }

    /// <summary>A leader has served for so long, by the clock that counts. The gap is that of renewals which push the
    /// checkpoint back.</summary>
    public void Serve(double microseconds, double gap)
    {
        _left -= microseconds;
        _silence += microseconds;
        _longestGap = Math.Max(_longestGap, gap);
        var first = Math.Max(ShortestSilence, 1.5 * _longestGap) + (isKey ? Interval : 0) + _checkpointTakes;
        if (_silence > first)
        {
            _stored = Math.Min(_stored, Math.Max(0, _left) + Interval + _checkpointTakes);
        }
    }

    /// <summary>The same leader goes on after a time in which it could do nothing.</summary>
    public void Resume()
    {
        _left = Math.Max(_left, 0);
        _silence = 0;
    }

    /// <summary>A new leader has applied the first entry of its term.</summary>
    public void Elect()
    {
        _left = _stored;
        _silence = _longestGap = Gap = 0;
    }

    public override string ToString() => $"{_left / Scheduler.Second:0.000} s left of {_full / Scheduler.Second:0.000}, stored {_stored / Scheduler.Second:0.000}";
}
