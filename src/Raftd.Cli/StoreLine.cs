using System.CommandLine;
using Raftd.Sql;

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

        return parsed.GetValue(database) switch
        {
            null or "postgres" => new CommandLine { Verb = Verb.StoreSchema, Schema = SqlEngine.Postgres },
            "mysql" => new CommandLine { Verb = Verb.StoreSchema, Schema = SqlEngine.MySql },
            var name => CommandLine.Wrong(
                $"there is no schema for '{name}'", "'raftd store schema postgres' and 'raftd store schema mysql' are known; mysql is for MariaDB and TiDB too"),
        };
    }
}
