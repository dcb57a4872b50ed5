using System.CommandLine;

namespace Raftd.Cli;

/// <summary>The words behind <c>raftd cert</c>.</summary>
internal static class CertLine
{
    private const string ShowsHow = "'raftd cert -help' shows how";

    /// <summary>Reads the words. Never throws; a line that cannot be read has an error.</summary>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        var cert = new Command("cert");
        var folder = new Option<string>("--out", "-out") { DefaultValueFactory = static _ => CertOptions.DefaultFolder };
        var name = new Option<string>("--name", "-name") { DefaultValueFactory = static _ => CertOptions.DefaultName };
        var days = new Option<int>("--days", "-days") { DefaultValueFactory = static _ => CertOptions.DefaultDays };
        var hosts = new Argument<string[]>("host") { Arity = ArgumentArity.ZeroOrMore };
        foreach (var option in (Option[])[folder, name, days])
        {
            cert.Options.Add(option);
        }

        cert.Arguments.Add(hosts);
        var parsed = CommandWords.Parse(cert, words, Verb.CertHelp, ShowsHow, out var ended);
        if (ended is not null)
        {
            return ended;
        }

        var options = new CertOptions
        {
            Folder = parsed.GetValue(folder)!,
            Name = parsed.GetValue(name)!,
            Days = parsed.GetValue(days),
            Hosts = parsed.GetValue(hosts) ?? [],
        };
        return Problem(options) is { } problem
            ? CommandLine.Wrong(problem, ShowsHow)
            : new CommandLine { Verb = Verb.Cert, Certificates = options };
    }

    private static string? Problem(CertOptions options)
    {
        if (options.Hosts.FirstOrDefault(static host => host.StartsWith('-')) is { } flag)
        {
            return $"unknown flag {flag}";
        }

        if (options.Hosts.FirstOrDefault(static host => !IsHost(host)) is { } host)
        {
            return $"'{host}' is neither a host name nor an address";
        }

        if (options.Name is "" or "ca" || options.Name[0] == '.' || options.Name.Any(static c => !IsPartOfName(c)))
        {
            return $"-name '{options.Name}': must be letters, digits, dots, dashes and underscores, and not ca";
        }

        return options.Days is < 1 or > CertOptions.MaxDays ? $"-days {options.Days}: must be 1 to {CertOptions.MaxDays}" : null;
    }

    private static bool IsHost(string text) =>
        Uri.CheckHostName(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text) != UriHostNameType.Unknown;

    private static bool IsPartOfName(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_';
}
