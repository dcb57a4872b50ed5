using System.Globalization;

namespace Raftd.Cluster.Tests.Support;

/// <summary>When a member's log says that something happened. One machine, one clock: times of several members compare.</summary>
internal static class LogTimes
{
    /// <param name="log">Lines as docs/operations.md shows them.</param>
    /// <param name="wanted">The event's name and number and, where it matters, how its message begins.</param>
    /// <param name="after">Earlier ones do not count.</param>
    /// <returns>Of the first such line; null if there is none.</returns>
    public static DateTimeOffset? FirstTime(string log, string wanted, DateTimeOffset after = default)
    {
        foreach (var line in log.Split('\n').Where(line => line.Contains($" {wanted}", StringComparison.Ordinal)))
        {
            var time = DateTimeOffset.Parse(line.AsSpan(0, line.IndexOf(' ', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
            if (time >= after)
            {
                return time;
            }
        }

        return null;
    }
}
