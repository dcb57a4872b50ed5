using System.CommandLine;

namespace Raftd.Cli.Moving;

/// <summary>The words behind <c>raftd export</c>.</summary>
internal static class ExportWords
{
    private const string ShowsHow = "'raftd export -help' shows how";

    /// <summary>Reads the words. Never throws; a line that cannot be read has an error.</summary>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        var endpoint = ServerFlags.Named("endpoint");
        var certificates = new ServerFlags();
        var help = new Option<bool>("--help", "-help", "-h");
        var prefix = new Argument<string>("prefix") { DefaultValueFactory = static _ => "" };
        var export = new Command("export") { prefix, endpoint, help };
        certificates.AddTo(export);
        var parsed = new Command("raftd") { export }.Parse(["export", .. words], CommandLine.AsWritten());
        if (parsed.GetResult(help) is not null && parsed.GetValue(help))
        {
            return new CommandLine { Verb = Verb.ExportHelp };
        }

        if (parsed.Errors.Count > 0)
        {
            return CommandLine.Wrong(parsed.Errors[0].Message.TrimEnd('.'), ShowsHow);
        }

        if (parsed.GetValue(prefix)!.StartsWith('-'))
        {
            return CommandLine.Wrong($"unknown flag {parsed.GetValue(prefix)}", ShowsHow);
        }

        var from = certificates.Read(parsed, ServerFlags.UrlsOf(parsed, endpoint), "-endpoint", out var problem);
        return problem ?? new CommandLine { Verb = Verb.Export, Export = new ExportOptions(from, parsed.GetValue(prefix)!) };
    }
}
