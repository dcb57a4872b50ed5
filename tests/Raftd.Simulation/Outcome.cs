namespace Raftd.Simulation;

/// <summary>What came of one run. Failure is null if it passed.</summary>
internal sealed record Outcome(ulong Seed, string? Failure, ulong TraceHash, double VirtualSeconds, long Events)
{
    public required string Summary { get; init; }

    public required int Faults { get; init; }

    /// <summary>Entries that some member has applied.</summary>
    public required ulong Entries { get; init; }

    /// <summary>Members whose state was damaged.</summary>
    public required int Replaced { get; init; }

    public required int Writes { get; init; }

    public required int Reads { get; init; }

    public required int Granted { get; init; }

    public required int Renewals { get; init; }

    public required int Ended { get; init; }

    /// <summary>The last three only where leases are timed.</summary>
    public required int LeaderChanges { get; init; }

    public required int Early { get; init; }

    public required int Immortal { get; init; }

    public static string Totals(IReadOnlyList<Outcome> all, bool leases) => leases
        ? $"{all.Sum(one => one.LeaderChanges)} leader changes, {all.Sum(one => one.Granted)} leases granted, "
            + $"{all.Sum(one => one.Renewals)} renewals acknowledged, {all.Sum(one => one.Ended)} leases ended, "
            + $"early {all.Sum(one => one.Early)}, immortal {all.Sum(one => one.Immortal)}"
        : $"{all.Sum(one => one.Faults)} faults, {all.Sum(one => (long)one.Entries)} entries, "
            + $"{all.Sum(one => one.Writes)} writes acknowledged, {all.Sum(one => one.Reads)} reads, "
            + $"{all.Sum(one => one.Granted)} leases granted, {all.Sum(one => one.Replaced)} members replaced";
}
