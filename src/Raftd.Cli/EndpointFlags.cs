using System.CommandLine;

namespace Raftd.Cli;

/// <summary>The flags with which a command names the members of one cluster that it speaks with.</summary>
internal sealed class EndpointFlags
{
    public const string Help =
        $"""
        -endpoint URL    {MemberEndpoint.Variable}, or {MemberEndpoint.Default}, if not given
        -cacert FILE     the CA of a member with TLS; -cert and -key where it asks for a certificate
        """;

    private const string Flag = "-endpoint";

    private readonly Option<string> _endpoint = CommandWords.Named("endpoint");
    private readonly ServerFlags _server = new();

    /// <summary>To this command and those below it.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_endpoint);
        _server.AddTo(command);
    }

    /// <summary>For a command that asks any of them: what the first given of flag, variable and default says.</summary>
    /// <param name="parsed">Of a line with these flags.</param>
    /// <param name="problem">The line's error; null if there is none.</param>
    public IReadOnlyList<MemberEndpoint> ReadAll(ParseResult parsed, out CommandLine? problem)
    {
        var urls = parsed.GetValue(_endpoint) ?? Environment.GetEnvironmentVariable(MemberEndpoint.Variable) ?? MemberEndpoint.Default;
        return _server.Read(parsed, urls, Flag, out problem);
    }

    /// <summary>For a command that asks one member.</summary>
    /// <param name="parsed">Of a line with these flags.</param>
    /// <param name="showsHow">What to do where it names several.</param>
    /// <param name="use">Makes the line of the member.</param>
    public CommandLine ReadOne(ParseResult parsed, string showsHow, Func<MemberEndpoint, CommandLine> use)
    {
        var members = ReadAll(parsed, out var problem);
        return problem ?? (members.Count == 1 ? use(members[0]) : CommandLine.Wrong($"{Flag}: one member is asked, name it alone", showsHow));
    }
}
