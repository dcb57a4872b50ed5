using System.CommandLine;

namespace Raftd.Cli;

/// <summary>The flags with which a command names the member that it speaks with.</summary>
internal sealed class EndpointFlags
{
    public const string Help =
        $"""
        -endpoint URL    {MemberEndpoint.Variable}, or {MemberEndpoint.Default}, if not given
        -cacert FILE     the CA of a member with TLS; -cert and -key where it asks for a certificate
        """;

    private readonly Option<string> _endpoint = new("--endpoint", "-endpoint") { Recursive = true };
    private readonly Option<string> _authority = new("--cacert", "-cacert") { Recursive = true };
    private readonly Option<string> _certificate = new("--cert", "-cert") { Recursive = true };
    private readonly Option<string> _key = new("--key", "-key") { Recursive = true };

    /// <summary>To this command and those below it.</summary>
    public void AddTo(Command command)
    {
        foreach (var flag in (Option[])[_endpoint, _authority, _certificate, _key])
        {
            command.Options.Add(flag);
        }
    }

    /// <param name="parsed">Of a line with these flags.</param>
    /// <param name="showsHow">What to do about a wrong one.</param>
    /// <param name="use">Makes the line of the member.</param>
    public CommandLine Read(ParseResult parsed, string showsHow, Func<MemberEndpoint, CommandLine> use)
    {
        var from = parsed.GetValue(_endpoint) ?? Environment.GetEnvironmentVariable(MemberEndpoint.Variable) ?? MemberEndpoint.Default;
        if (!Uri.TryCreate(from, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            return CommandLine.Wrong($"-endpoint {from}: is no URL", $"name a member as {MemberEndpoint.Default}");
        }

        var (certificate, key) = (parsed.GetValue(_certificate), parsed.GetValue(_key));
        return certificate is null == key is null
            ? use(new MemberEndpoint(url, parsed.GetValue(_authority), certificate, key))
            : CommandLine.Wrong("-cert and -key go together", showsHow);
    }
}
