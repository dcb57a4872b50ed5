using System.CommandLine;

namespace Raftd.Cli;

/// <summary>The flags of a command that speaks with servers: their certificates, which all have one prefix, and the URLs.</summary>
internal sealed class ServerFlags(string prefix = "")
{
    private readonly Option<string> _authority = Named($"{prefix}cacert");
    private readonly Option<string> _certificate = Named($"{prefix}cert");
    private readonly Option<string> _key = Named($"{prefix}key");

    /// <summary>A flag with a value, in both spellings, of its command and those below it.</summary>
    public static Option<string> Named(string name) => new($"--{name}", $"-{name}") { Recursive = true };

    public void AddTo(Command command)
    {
        command.Options.Add(_authority);
        command.Options.Add(_certificate);
        command.Options.Add(_key);
    }

    /// <summary>What the flags of the member's own say: the first given of flag, variable and default.</summary>
    public static string UrlsOf(ParseResult parsed, Option<string> endpoint) =>
        parsed.GetValue(endpoint) ?? Environment.GetEnvironmentVariable(MemberEndpoint.Variable) ?? MemberEndpoint.Default;

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
