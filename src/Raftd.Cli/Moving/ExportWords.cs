using System.CommandLine;

namespace Raftd.Cli.Moving;

/// <summary>The words behind <c>raftd export</c>.</summary>
internal static class ExportWords
{
    private const string ShowsHow = "'raftd export -help' shows how";

    /// <summary>Reads the words. Never throws; a line that cannot be read has an error.</summary>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        var endpoint = new EndpointFlags(namesBucket: true);
        var prefix = new Argument<string>("prefix") { DefaultValueFactory = static _ => "" };
        var export = new Command("export") { prefix };
        endpoint.AddTo(export);
        var parsed = CommandWords.Parse(export, words, Verb.ExportHelp, ShowsHow, out var ended);
        if (ended is not null)
        {
            return ended;
        }

        if (parsed.GetValue(prefix)!.StartsWith('-'))
        {
            return CommandLine.Wrong($"unknown flag {parsed.GetValue(prefix)}", ShowsHow);
        }

        var from = endpoint.ReadAll(parsed, out var problem);
        return problem ?? new CommandLine { Verb = Verb.Export, Export = new ExportOptions(from, parsed.GetValue(prefix)!) };
    }
}
