namespace Raftd.Simulation;

/// <summary>What came of one run. Failure is null if it passed.</summary>
internal sealed record Outcome(ulong Seed, string? Failure, ulong TraceHash, double VirtualSeconds, long Events)
{
    public required string Summary { get; init; }

    public required int Faults { get; init; }

    /// <summary>Entries that some member has applied, or rows that the database has taken.</summary>
    public required ulong Entries { get; init; }

    /// <summary>Members whose state was damaged.</summary>
    public int Replaced { get; init; }

    public required int Writes { get; init; }

    public required int Reads { get; init; }

    public int Granted { get; init; }

    public required int Renewals { get; init; }

    public required int Ended { get; init; }

    /// <summary>The last three only where leases are timed.</summary>
    public int LeaderChanges { get; init; }

    public int Early { get; init; }

    public int Immortal { get; init; }

    public static string FrontTotals(IReadOnlyList<Outcome> all) =>
        $"{all.Sum(one => one.LeaderChanges)} leader changes, {all.Sum(one => one.Faults)} faults, {all.Sum(one => (long)one.Entries)} rows, "
        + $"{all.Sum(one => one.Writes)} writes acknowledged, {all.Sum(one => one.Reads)} reads, "
        + $"{all.Sum(one => one.Renewals)} renewals acknowledged, {all.Sum(one => one.Ended)} leases and keys ended";

    public static string Totals(IReadOnlyList<Outcome> all, bool leases) => leases
        ? $"{all.Sum(one => one.LeaderChanges)} leader changes, {all.Sum(one => one.Granted)} leases granted, "
            + $"{all.Sum(one => one.Renewals)} renewals acknowledged, {all.Sum(one => one.Ended)} leases ended, "
            + $"early {all.Sum(one => one.Early)}, immortal {all.Sum(one => one.Immortal)}"
        : $"{all.Sum(one => one.Faults)} faults, {all.Sum(one => (long)one.Entries)} entries, "
            + $"{all.Sum(one => one.Writes)} writes acknowledged, {all.Sum(one => one.Reads)} reads, "
            + $"{all.Sum(one => one.Granted)} leases granted, {all.Sum(one => one.Replaced)} members replaced";
}
