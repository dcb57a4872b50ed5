using System.Globalization;

namespace Raftd.Cluster.Tests.Support;

/// <summary>What the ills and the load of this run are drawn from: RAFTD_TEST_SEED, or another one each time. To be printed.</summary>
internal static class Seed
{
    public static int Value { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("RAFTD_TEST_SEED"), CultureInfo.InvariantCulture, out var chosen) ? chosen : Environment.TickCount;
}
