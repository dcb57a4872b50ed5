namespace Raftd.Shared;

/// <summary>Spans of time in the unit of <see cref="TimeProvider.GetTimestamp"/>, which all deadlines in here are in: no step of
/// the wall clock moves them, and a simulator's clock gives its own.</summary>
public static class Timestamps
{
    /// <summary>How many of the clock's timestamps pass in a span.</summary>
    public static long TimestampsIn(this TimeProvider time, TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    /// <summary>The timestamp that a span from now will have.</summary>
    public static long TimestampAfter(this TimeProvider time, TimeSpan span) => time.GetTimestamp() + time.TimestampsIn(span);
}
