using System.Globalization;

namespace Raftd.Mutations;

/// <summary>The table of docs/testing/old-bugs.md.</summary>
internal static class Report
{
    public static void WriteHead()
    {
        Console.WriteLine("| bug | failure | simulator | tests |");
        Console.WriteLine("| --- | --- | --- | --- |");
    }

    public static void WriteRow(Mutation mutation, IReadOnlyList<Trial> trials)
    {
        var failures = mutation.Failures.Length == 0 ? "own" : string.Join(", ", mutation.Failures);
        Console.WriteLine(
            $"| `{mutation.Name}`: {mutation.Wrong} | {failures} | {Cell(trials, isSimulation: true)} | {Cell(trials, isSimulation: false)} |");
    }

    private static string Cell(IReadOnlyList<Trial> trials, bool isSimulation) =>
        string.Join("; ", trials.Where(trial => trial.Suite.IsSimulation == isSimulation).Select(Describe));

    private static string Describe(Trial trial)
    {
        var seconds = trial.Seconds.ToString("0", CultureInfo.InvariantCulture);
        var kind = trial.Suite == Suite.Leases ? "`--leases` " : "";
        return (trial.Seen, trial.Trouble) switch
        {
            ({ } seen, _) => $"{kind}{Escape(seen)} ({seconds} s)",
            (_, { } trouble) => $"{kind}no verdict ({seconds} s): {Escape(trouble)}",
            _ => $"{kind}not seen ({seconds} s)",
        };
    }

    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
