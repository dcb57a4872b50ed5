using System.CommandLine;

namespace Raftd.Cli;

/// <summary>The words behind <c>raftd store</c>.</summary>
internal static class StoreLine
{
    private const string ShowsHow = "'raftd store -help' shows how";

    /// <summary>Reads the words. Never throws; a line that cannot be read has an error.</summary>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        if (words.Count == 0)
        {
            return new CommandLine { Verb = Verb.StoreHelp };
        }

        var database = new Argument<string>("database") { Arity = ArgumentArity.ZeroOrOne };
        var schema = new Command("schema") { database };
        var parsed = CommandWords.Parse(new Command("store") { schema }, words, Verb.StoreHelp, ShowsHow, out var ended);
        if (ended is not null)
        {
            return ended;
        }

        return parsed.GetValue(database) is { } name and not "postgres"
            ? CommandLine.Wrong($"there is no schema for '{name}'", "this build speaks with PostgreSQL alone: 'raftd store schema postgres'")
            : new CommandLine { Verb = Verb.StoreSchema };
    }
}
