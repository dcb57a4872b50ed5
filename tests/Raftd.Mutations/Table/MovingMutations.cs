namespace Raftd.Mutations.Table;

/// <summary>Exports and imports.</summary>
internal static class MovingMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "damaged-export-is-imported",
            Failures = [],
            Wrong = "an export with a value that has changed on its way is imported",
            In = "ExportReader.RequireEnd",
            Original = "end.Digest != digest",
            Broken = "false",
            Suites = [Suite.Cli],
        },
        new()
        {
            Name = "import-overwrites",
            Failures = [],
            Wrong = "an import replaces what is there, though nothing was said of it",
            In = "KeyWriter.SendAsync",
            Original = "!overwrite",
            Broken = "false",
            Suites = [Suite.Cli],
        },
        new()
        {
            Name = "import-lets-leases-end",
            Failures = [],
            Wrong = "a lease that is shorter than its import ends before the import does, and takes keys with it",
            In = "LeaseWriter.Due",
            Original = "at <= Stopwatch.GetTimestamp()",
            Broken = "at < 0",
            Suites = [Suite.Cli],
        },
    ];
}
