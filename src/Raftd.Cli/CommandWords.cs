using System.CommandLine;

namespace Raftd.Cli;

/// <summary>What the words of all commands but serve have in common.</summary>
internal static class CommandWords
{
    /// <summary>A flag with a value, in both spellings, of its command and those below it.</summary>
    public static Option<string> Named(string name) => new($"--{name}", $"-{name}") { Recursive = true };

    /// <summary>A flag without a value, in both spellings.</summary>
    public static Option<bool> Switch(string name) => new($"--{name}", $"-{name}");

    /// <summary>Reads the words behind a command, which gets the flag for its help.</summary>
    /// <param name="command">With all of its own flags.</param>
    /// <param name="words">Behind its name.</param>
    /// <param name="help">The verb of a line that asks how.</param>
    /// <param name="showsHow">What to do about a line that cannot be read.</param>
    /// <param name="ended">The line, where it asks for help or cannot be read; otherwise null.</param>
    public static ParseResult Parse(
        Command command, IReadOnlyList<string> words, Verb help, string showsHow, out CommandLine? ended)
    {
        var asks = new Option<bool>("--help", "-help", "-h") { Recursive = true };
        command.Options.Add(asks);
        var parsed = new Command("raftd") { command }.Parse([command.Name, .. words], CommandLine.AsWritten());
        ended = parsed.GetResult(asks) is not null && parsed.GetValue(asks) ? new CommandLine { Verb = help }
            : parsed.Errors.Count > 0 ? CommandLine.Wrong(parsed.Errors[0].Message.TrimEnd('.'), showsHow)
            : null;
        return parsed;
    }
}
