using System.CommandLine;

namespace Raftd.Cli;

/// <summary>The flags with which a command names the one member that it speaks with.</summary>
internal sealed class EndpointFlags
{
    public const string Help =
        $"""
        -endpoint URL    {MemberEndpoint.Variable}, or {MemberEndpoint.Default}, if not given
        -cacert FILE     the CA of a member with TLS; -cert and -key where it asks for a certificate
        """;

    private readonly Option<string> _endpoint = ServerFlags.Named("endpoint");
    private readonly ServerFlags _server = new();

    /// <summary>To this command and those below it.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_endpoint);
        _server.AddTo(command);
    }

    /// <param name="parsed">Of a line with these flags.</param>
    /// <param name="showsHow">What to do where it names several.</param>
    /// <param name="use">Makes the line of the member.</param>
    public CommandLine Read(ParseResult parsed, string showsHow, Func<MemberEndpoint, CommandLine> use)
    {
        var members = _server.Read(parsed, ServerFlags.UrlsOf(parsed, _endpoint), "-endpoint", out var problem);
        return problem ?? (members.Count == 1 ? use(members[0]) : CommandLine.Wrong("-endpoint: one member is asked, name it alone", showsHow));
    }
}
