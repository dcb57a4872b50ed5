using System.CommandLine;

namespace Raftd.Cli;

/// <summary>The words behind <c>raftd recover</c>.</summary>
internal static class RecoverLine
{
    private const string ShowsHow = "'raftd recover -help' shows how";

    /// <summary>Reads the words. Never throws; a line that cannot be read has an error.</summary>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        var target = CommandWords.Named("to");
        var label = CommandWords.Named("id");
        var raise = new Option<long>("--bump-revision", "-bump-revision");
        var accept = CommandWords.Switch("accept-loss");
        var directories = new Argument<string[]>("dir") { Arity = ArgumentArity.ZeroOrMore };
        var recover = new Command("recover") { directories, target, label, raise, accept };
        var parsed = CommandWords.Parse(recover, words, Verb.RecoverHelp, ShowsHow, out var ended);
        if (ended is not null)
        {
            return ended;
        }

        var options = new RecoverOptions(
            parsed.GetValue(directories) ?? [],
            parsed.GetValue(target),
            parsed.GetValue(label) ?? Environment.MachineName,
            parsed.GetValue(raise),
            parsed.GetValue(accept));
        var onlyLooks = options.Target is null && new Option[] { label, raise, accept }.All(option => parsed.GetResult(option) is not { Implicit: false });
        return Problem(options, onlyLooks) is { } problem
            ? CommandLine.Wrong(problem, ShowsHow)
            : new CommandLine { Verb = Verb.Recover, Recovery = options };
    }

    private static string? Problem(RecoverOptions options, bool onlyLooks)
    {
        if (options.Directories.FirstOrDefault(static directory => directory.StartsWith('-')) is { } flag)
        {
            return $"unknown flag {flag}";
        }

        return options.Directories.Count == 0 ? "no data directory was named"
            : options.Target is null && !onlyLooks ? "nothing is made without -to"
            : options.RaiseRevisionBy is < 0 or > SnapshotLine.MaxRaise
                ? $"-bump-revision {options.RaiseRevisionBy}: must be 0 to {SnapshotLine.MaxRaise}"
            : null;
    }
}
