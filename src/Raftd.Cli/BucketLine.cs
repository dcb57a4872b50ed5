using System.CommandLine;
using Raftd.Contract;

namespace Raftd.Cli;

/// <summary>The words behind <c>raftd bucket</c>.</summary>
internal static class BucketLine
{
    private const string ShowsHow = "'raftd bucket -help' shows how";

    /// <summary>Reads the words. Never throws; a line that cannot be read has an error.</summary>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        var endpoint = new EndpointFlags();
        var name = new Argument<string>("name");
        var force = CommandWords.Switch("force");
        var list = new Command("list");
        var add = new Command("add") { name };
        var remove = new Command("remove") { name, force };
        var command = new Command("bucket") { list, add, remove };
        endpoint.AddTo(command);
        var parsed = CommandWords.Parse(command, words, Verb.BucketHelp, ShowsHow, out var ended);
        if (ended is not null)
        {
            return ended;
        }

        var asked = parsed.CommandResult.Command;
        if (asked == list)
        {
            return endpoint.ReadOne(parsed, ShowsHow, static through => Asked(new BucketOptions.List(through)));
        }

        var named = parsed.GetValue(name)!;
        return named is ['-', _, ..] && !BucketNames.IsName(named) ? CommandLine.Wrong($"unknown flag {named}", ShowsHow)
            : BucketNames.Problem(named) is { } problem ? CommandLine.Wrong(problem, ShowsHow)
            : endpoint.ReadOne(parsed, ShowsHow, through => Asked(asked == add
                ? new BucketOptions.Add(named, through)
                : new BucketOptions.Remove(named, parsed.GetValue(force), through)));
    }

    private static CommandLine Asked(BucketOptions options) => new() { Verb = Verb.Bucket, Buckets = options };
}
