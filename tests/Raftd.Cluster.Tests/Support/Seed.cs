using System.Globalization;
using Raftd.Testing.Histories;

namespace Raftd.Cluster.Tests.Support;

/// <summary>What the ills and the load of this run are drawn from: RAFTD_TEST_SEED, or another one each time. To be printed.</summary>
internal static class Seed
{
    public static int Value { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("RAFTD_TEST_SEED"), CultureInfo.InvariantCulture, out var chosen) ? chosen : Environment.TickCount;

    /// <summary>A generator of its own for each that draws beside others: the same in every run with this seed, which HashCode is
    /// not.</summary>
    /// <param name="seed">Of the run.</param>
    /// <param name="who">Which of them.</param>
    public static Random RandomOf(int seed, params ReadOnlySpan<int> who)
    {
        var fold = new Fold();
        fold.Add((ulong)seed);
        foreach (var number in who)
        {
            fold.Add((ulong)number);
        }

        return new Random((int)fold.Value);
    }
}
