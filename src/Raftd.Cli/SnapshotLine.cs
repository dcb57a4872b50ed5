using System.CommandLine;

namespace Raftd.Cli;

/// <summary>The words behind <c>raftd snapshot</c>.</summary>
internal static class SnapshotLine
{
    /// <summary>More than any client can have seen after a backup, and far from the end of the numbers.</summary>
    public const long MaxRaise = 1_000_000_000_000_000;

    private const string ShowsHow = "'raftd snapshot -help' shows how";

    /// <summary>Reads the words. Never throws; a line that cannot be read has an error.</summary>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        var endpoint = new EndpointFlags();
        var label = CommandWords.Named("id");
        var raise = new Option<long>("--bump-revision", "-bump-revision");
        var file = new Argument<string>("file");
        var directory = new Argument<string>("data-dir");
        var save = new Command("save") { file };
        endpoint.AddTo(save);
        var status = new Command("status") { file };
        var restore = new Command("restore") { file, directory, label, raise };
        var snapshot = new Command("snapshot") { save, status, restore };
        var parsed = CommandWords.Parse(snapshot, words, Verb.SnapshotHelp, ShowsHow, out var ended);
        if (ended is not null)
        {
            return ended;
        }

        var command = parsed.CommandResult.Command;
        var path = parsed.GetValue(file)!;
        if (path.StartsWith('-'))
        {
            return CommandLine.Wrong($"unknown flag {path}", ShowsHow);
        }

        if (command == status)
        {
            return Asked(new SnapshotOptions.Status(path));
        }

        if (command == restore)
        {
            var by = parsed.GetValue(raise);
            return by is < 0 or > MaxRaise
                ? CommandLine.Wrong($"-bump-revision {by}: must be 0 to {MaxRaise}", ShowsHow)
                : Asked(new SnapshotOptions.Restore(
                    path, parsed.GetValue(directory)!, parsed.GetValue(label) ?? Environment.MachineName, by));
        }

        return endpoint.ReadOne(parsed, ShowsHow, from => Asked(new SnapshotOptions.Save(path, from)));
    }

    private static CommandLine Asked(SnapshotOptions options) => new() { Verb = Verb.Snapshot, Snapshot = options };
}
