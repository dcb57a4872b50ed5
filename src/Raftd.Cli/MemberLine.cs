using System.CommandLine;

namespace Raftd.Cli;

/// <summary>The words behind <c>raftd member</c>.</summary>
internal static class MemberLine
{
    private const string ShowsHow = "'raftd member -help' shows how";

    /// <summary>Reads the words. Never throws; a line that cannot be read has an error.</summary>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        var endpoint = new EndpointFlags();
        var member = new Argument<string>("member");
        var by = new Argument<string>("new-id");
        var list = new Command("list");
        var remove = new Command("remove") { member };
        var replace = new Command("replace") { member, by };
        var command = new Command("member") { list, remove, replace };
        endpoint.AddTo(command);
        var parsed = CommandWords.Parse(command, words, Verb.MemberHelp, ShowsHow, out var ended);
        if (ended is not null)
        {
            return ended;
        }

        var asked = parsed.CommandResult.Command;
        if (asked != list && new[] { parsed.GetValue(member), asked == replace ? parsed.GetValue(by) : null }
            .FirstOrDefault(static word => word?.StartsWith('-') == true) is { } flag)
        {
            return CommandLine.Wrong($"unknown flag {flag}", ShowsHow);
        }

        return endpoint.ReadOne(parsed, ShowsHow, through => new CommandLine
        {
            Verb = Verb.Member,
            Members = asked == list ? new MemberOptions.List(through)
                : asked == remove ? new MemberOptions.Remove(parsed.GetValue(member)!, through)
                : new MemberOptions.Replace(parsed.GetValue(member)!, parsed.GetValue(by)!, through),
        });
    }
}
