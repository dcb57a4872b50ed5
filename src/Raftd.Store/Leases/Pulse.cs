// How often something is renewed, so that "silent" can mean silent by its own measure.
//
// A lease is checkpointed when it is silent for min(TTL/4, 60 s). A service that renews its 10 s lease every 3 s would be
// checkpointed before each renewal, and every renewal would write. So silence must also be half as long again as the
// renewals are apart. Renewals that come in bursts (a service with five keys renews them one behind the other) count as
// one beat: otherwise the gap within the burst would stand for the gap between bursts.

namespace Raftd.Store.Leases;

/// <summary>The beat of renewals. Times are the lessor's ticks.</summary>
internal struct Pulse
{
    private static readonly long MaxSilence = TimeSpan.FromSeconds(60).Ticks;

    private long _lastBeat;
    private long _gap;

    /// <summary>The last renewal, or the last checkpoint after it.</summary>
    public long SilentSince { get; set; }

    /// <summary>A renewal.</summary>
    public void Beat(long now, long ttlTicks)
    {
        SilentSince = now;
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

    /// <summary>When the silence becomes long.</summary>
    public readonly long SilentUntil(long ttlTicks) => SilentSince + Math.Max(ShortestSilence(ttlTicks), _gap + (_gap / 2));

    private static long ShortestSilence(long ttlTicks) => Math.Min(ttlTicks / 4, MaxSilence);
}
