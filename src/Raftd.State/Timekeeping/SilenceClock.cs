// How often something is renewed, so that "silent" can mean silent by its own measure, and how often what is silent is
// checkpointed.
//
// A lease is silent when it was not renewed for min(TTL/4, 60 s). A service that renews its 10 s lease every 3 s would be
// checkpointed before each renewal, and every renewal would write. So silence must also be half as long again as the
// renewals are apart. Renewals that come in bursts (a service with five keys renews them one behind the other) count as
// one beat: otherwise the gap within the burst would stand for the gap between bursts.
//
// What is silent is checkpointed every min(what is left / 8, 10 min), at least 1 s. An election gives back the time since
// the last checkpoint, so three things are adjusted:
//
//   1. The first intervals of a silence are shorter: min(TTL/4, 60 s), or half of how long the silence has lasted. Each new
//      leader counts every silence from 0, and where leaders change every few minutes none would come as far as 10 min.
//   2. The least interval is a minute for a day's lease, TTL/1440: its last hour is not worth an entry each second.
//   3. Moments are rounded down to whole minutes, or less where an interval is shorter than four of them: leases that
//      began at different moments fall due together and share entries.

namespace Raftd.State.Timekeeping;

/// <summary>Counts how far apart renewals are, and says when the next checkpoint of a silence is due. Times are the lessor's
/// ticks.</summary>
internal struct SilenceClock
{
    private static readonly long Second = TimeSpan.FromSeconds(1).Ticks;
    private static readonly long Minute = TimeSpan.FromSeconds(60).Ticks;
    private static readonly long MaxInterval = TimeSpan.FromMinutes(10).Ticks;

    private long _lastBeat;
    private long _gap;

    // The last renewal, or when this leader began to count; and the last checkpoint after it, 0 while there is none.
    private long _silentSince;
    private long _storedAt;

    /// <summary>Silent from now on.</summary>
    public void BeginAt(long now) => (_silentSince, _storedAt) = (now, 0);

    /// <summary>A renewal.</summary>
    public void Renewed(long now, long ttlTicks)
    {
        BeginAt(now);
        if (_lastBeat == 0)
        {
            _lastBeat = now;
        }
        else if (now - _lastBeat > ShortestSilence(ttlTicks) / 2)
        {
            _gap = now - _lastBeat;
            _lastBeat = now;
        }
    }

    /// <summary>What is left is stored.</summary>
    public void Checkpointed(long now) => _storedAt = now;

    /// <summary>When the next checkpoint is due if it stays silent.</summary>
    public readonly long NextCheckpoint(long ttlTicks, long deadline)
    {
        if (_storedAt == 0)
        {
            return _silentSince + Math.Max(ShortestSilence(ttlTicks), _gap + (_gap / 2));
        }

        var atFirst = Math.Max(ShortestSilence(ttlTicks), (_storedAt - _silentSince) / 2);
        var interval = Math.Min(Interval(deadline - _storedAt, ttlTicks), Math.Max(Second, atFirst));
        var next = _storedAt + interval;
        return next - (next % Grain(interval));
    }

    /// <summary>The time between two checkpoints of a lease or key that has this much left.</summary>
    public static long Interval(long leftTicks, long ttlTicks) =>
        Math.Clamp(leftTicks / 8, Math.Clamp(ttlTicks / 1440, Second, Minute), MaxInterval);

    /// <summary>The clock of a key, with the renewals of its lease with all keys counted as its own.</summary>
    public readonly SilenceClock Including(SilenceClock all, long ttlTicks)
    {
        var both = this;
        if (all._silentSince > _silentSince)
        {
            both._silentSince = all._silentSince;
            both._storedAt = _storedAt > all._silentSince ? _storedAt : 0;
        }

        if (all._lastBeat - _lastBeat > ShortestSilence(ttlTicks) / 2)
        {
            var before = all._gap == 0 ? _lastBeat : Math.Max(_lastBeat, all._lastBeat - all._gap);
            both._gap = before == 0 ? 0 : all._lastBeat - before;
            both._lastBeat = all._lastBeat;
        }

        return both;
    }

    private static long ShortestSilence(long ttlTicks) => Math.Min(ttlTicks / 4, Minute);

    private static long Grain(long interval)
    {
        foreach (var seconds in (ReadOnlySpan<long>)[60, 30, 15, 5, 1])
        {
            if (interval >= 4 * seconds * Second)
            {
                return seconds * Second;
            }
        }

        return 1;
    }
}
