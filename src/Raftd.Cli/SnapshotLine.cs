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
        var endpoint = EndpointFlags.Named("endpoint");
        var certificates = new EndpointFlags();
        var label = new Option<string>("--id", "-id");
        var raise = new Option<long>("--bump-revision", "-bump-revision");
        var help = new Option<bool>("--help", "-help", "-h") { Recursive = true };
        var file = new Argument<string>("file");
        var directory = new Argument<string>("data-dir");
        var save = new Command("save") { file, endpoint };
        certificates.AddTo(save);
        var status = new Command("status") { file };
        var restore = new Command("restore") { file, directory, label, raise };
        var snapshot = new Command("snapshot") { save, status, restore, help };
        var parsed = new Command("raftd") { snapshot }.Parse(["snapshot", .. words], CommandLine.AsWritten());
        if (parsed.GetResult(help) is not null && parsed.GetValue(help))
        {
            return new CommandLine { Verb = Verb.SnapshotHelp };
        }

        if (parsed.Errors.Count > 0)
        {
            return CommandLine.Wrong(parsed.Errors[0].Message.TrimEnd('.'), ShowsHow);
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

        var from = certificates.Read(parsed, EndpointFlags.UrlsOf(parsed, endpoint), "-endpoint", out var problem);
        return problem ?? (from.Count == 1
            ? Asked(new SnapshotOptions.Save(path, from[0]))
            : CommandLine.Wrong("-endpoint: a backup is of one member", ShowsHow));
    }

    private static CommandLine Asked(SnapshotOptions options) => new() { Verb = Verb.Snapshot, Snapshot = options };
}
