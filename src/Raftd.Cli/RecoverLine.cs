using System.CommandLine;

namespace Raftd.Cli;

/// <summary>The words behind <c>raftd recover</c>.</summary>
internal static class RecoverLine
{
    private const string ShowsHow = "'raftd recover -help' shows how";

    /// <summary>Reads the words. Never throws; a line that cannot be read has an error.</summary>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        var target = new Option<string>("--to", "-to");
        var label = new Option<string>("--id", "-id");
        var raise = new Option<long>("--bump-revision", "-bump-revision");
        var accept = new Option<bool>("--accept-loss", "-accept-loss");
        var help = new Option<bool>("--help", "-help", "-h");
        var directories = new Argument<string[]>("dir") { Arity = ArgumentArity.ZeroOrMore };
        var recover = new Command("recover") { directories, target, label, raise, accept, help };
        var parsed = new Command("raftd") { recover }.Parse(["recover", .. words], CommandLine.AsWritten());
        if (parsed.GetResult(help) is not null && parsed.GetValue(help))
        {
            return new CommandLine { Verb = Verb.RecoverHelp };
        }

        if (parsed.Errors.Count > 0)
        {
            return CommandLine.Wrong(parsed.Errors[0].Message.TrimEnd('.'), ShowsHow);
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
