using System.CommandLine;

namespace Raftd.Cli;

/// <summary>The flags for the certificates of a command that speaks with servers; all have one prefix.</summary>
internal sealed class ServerFlags(string prefix = "")
{
    private readonly Option<string> _authority = CommandWords.Named($"{prefix}cacert");
    private readonly Option<string> _certificate = CommandWords.Named($"{prefix}cert");
    private readonly Option<string> _key = CommandWords.Named($"{prefix}key");

    public void AddTo(Command command)
    {
        command.Options.Add(_authority);
        command.Options.Add(_certificate);
        command.Options.Add(_key);
    }

    /// <param name="parsed">The line.</param>
    /// <param name="urls">One, or several with commas between them.</param>
    /// <param name="flag">That has them, for the error.</param>
    /// <param name="problem">The line's error; null if there is none.</param>
    public IReadOnlyList<MemberEndpoint> Read(ParseResult parsed, string urls, string flag, out CommandLine? problem)
    {
        var certificate = parsed.GetValue(_certificate);
        var key = parsed.GetValue(_key);
        problem = certificate is null == key is null
            ? null
            : CommandLine.Wrong($"-{prefix}cert and -{prefix}key go together", "give both, or none of them");
        var endpoints = new List<MemberEndpoint>();
        foreach (var text in urls.Split(','))
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            {
                endpoints.Add(new MemberEndpoint(url, parsed.GetValue(_authority), certificate, key));
            }
            else
            {
                problem = CommandLine.Wrong($"{flag} {text}: is no URL", $"name a server as {MemberEndpoint.Default}");
            }
        }

        return endpoints;
    }
}
