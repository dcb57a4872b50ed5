namespace Raftd.Benchmarks.Watchers;

/// <summary>How long events took, from before their PUT was sent until a watcher had read them.</summary>
/// <param name="Events">Counted once for each watcher.</param>
/// <param name="P50Ms">The median.</param>
/// <param name="P99Ms">The slowest hundredth.</param>
internal readonly record struct Delivery(double Events, double P50Ms, double P99Ms)
{
    /// <param name="sorted">Milliseconds in order.</param>
    public static Delivery Of(double[] sorted) => new(sorted.Length, sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100]);

    public static Delivery Median(IReadOnlyCollection<Delivery> rounds) => new(
        Statistics.Median(rounds.Select(static round => round.Events)),
        Statistics.Median(rounds.Select(static round => round.P50Ms)),
        Statistics.Median(rounds.Select(static round => round.P99Ms)));

    public override string ToString() => $"{Events,9:N0}     p50 {P50Ms,6:0.00} ms   p99 {P99Ms,7:0.00} ms";
}
