using System.Diagnostics;
using System.Globalization;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Cluster.Tests.Chaos.Leases;

/// <summary>A lease as its client knows it: by the client's monotonic clock, it may not be gone before its time has passed since the
/// sending of the last request that was acknowledged and began that time anew.</summary>
/// <param name="id">As the grant said it.</param>
/// <param name="key">The key that ends with it, as a path.</param>
/// <param name="time">Its time to live.</param>
internal sealed class HeldLease(string id, string key, TimeSpan time)
{
    private long _lastsUntil;

    public string Id => id;

    public string Key => key;

    public TimeSpan Time => time;

    /// <summary>What was sent then is acknowledged.</summary>
    /// <param name="sent">A timestamp.</param>
    /// <param name="period">For so long it is there now at least.</param>
    public void LastFrom(long sent, TimeSpan period) => _lastsUntil = sent + (long)(period.TotalSeconds * Stopwatch.Frequency);

    /// <summary>An answer that has just come says that it is gone.</summary>
    public void TakeForGone(string answer)
    {
        var early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _lastsUntil);
        Require(early <= TimeSpan.Zero, $"{this} is gone {early.TotalMilliseconds:0} ms before its time: {answer}");
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"the lease {id} of {time.TotalSeconds:0} s with {key}");
}
