using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Raftd.Mutations;

/// <summary>What one suite said of one mutation.</summary>
/// <param name="Suite">Which.</param>
/// <param name="Seconds">Until it knew.</param>
/// <param name="Seen">The seed or test that failed, and why; null if none did.</param>
/// <param name="Trouble">The suite neither passed nor named what failed: what happened instead; null if it did.</param>
internal sealed partial record Trial(Suite Suite, double Seconds, string? Seen, string? Trouble)
{
    private const int LongestMessage = 150;

    private static readonly TimeSpan TestLimit = TimeSpan.FromMinutes(4);

    /// <param name="tree">Built.</param>
    /// <param name="suite">Which suite to run.</param>
    /// <param name="mutation">Null for the control run.</param>
    /// <param name="seedLimit">Seeds not run by then count as passed. Tests have to end.</param>
    public static async Task<Trial> RunAsync(MutantTree tree, Suite suite, Mutation? mutation, TimeSpan seedLimit)
    {
        var started = Stopwatch.GetTimestamp();
        var arguments = mutation is null ? suite.ControlArguments : suite.Arguments;
        var run = new Execution("dotnet", [tree.ProgramOf(suite.Project), .. arguments], mutation?.Name);
        var exitCode = await run.RunAsync(suite.IsSimulation ? seedLimit : TestLimit);
        var seen = exitCode == 0 ? null : FindFailure(run.Lines, suite.IsSimulation);
        var isSound = seen is not null || exitCode == 0 || (exitCode is null && suite.IsSimulation);
        return new Trial(suite, Stopwatch.GetElapsedTime(started).TotalSeconds, seen, isSound ? null : Describe(run, exitCode));
    }

    /// <summary>A program that ends badly without naming a test has crashed: that says nothing of what it would have seen.</summary>
    private static string Describe(Execution run, int? exitCode) =>
        exitCode is null ? "did not end in time" : $"ended with {exitCode}: {string.Join(" / ", run.Lines.TakeLast(5))}";

    private static string? FindFailure(IReadOnlyList<string> lines, bool isSimulation)
    {
        var pattern = isSimulation ? FailedSeed() : FailedTest();
        for (var i = 0; i < lines.Count; i++)
        {
            if (pattern.Match(lines[i]) is { Success: true } match)
            {
                var message = (isSimulation ? match.Groups["message"].Value : lines.ElementAtOrDefault(i + 1) ?? "").Trim();
                var says = message.StartsWith("Assert.", StringComparison.Ordinal) ? "" : $": {message}";
                return Shorten(match.Groups["what"].Value + says);
            }
        }

        return null;
    }

    private static string Shorten(string text) => text.Length <= LongestMessage ? text : text[..LongestMessage] + "…";

    [GeneratedRegex(@"^FAILED: (?<what>seed \d+) after [\d.]+ virtual seconds: (?<message>.*)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FailedSeed();

    [GeneratedRegex(@"^\s+(\w+\.)+(?<what>\w+\.\w+(\(.*\))?) \[FAIL\]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FailedTest();
}
