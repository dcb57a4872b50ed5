using Raftd.Contract;

namespace Raftd.Api.Http;

/// <summary>One entry of -allowed-hosts: a name, all names under one, or every name there is.</summary>
/// <param name="Name">A host name without a dot at its end; empty for every name.</param>
/// <param name="IsSuffix">Names under <paramref name="Name"/>, and not that itself.</param>
public readonly record struct HostPattern(string Name, bool IsSuffix)
{
    public const string Wanted =
        "wanted are host names without port, as in db.example.org,*.example.org, or *; addresses need no entry";

    /// <summary>`*`: the check is turned off.</summary>
    public bool IsEvery => Name.Length == 0;

    /// <summary>Several, separated by commas; none for an empty text.</summary>
    public static bool TryParseList(string text, out IReadOnlyList<HostPattern> patterns)
    {
        var list = new List<HostPattern>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryParse(part, out var pattern))
            {
                patterns = [];
                return false;
            }

            list.Add(pattern);
        }

        patterns = list;
        return true;
    }

    /// <param name="host">A host name without a dot at its end.</param>
    public bool Matches(ReadOnlySpan<char> host)
    {
        if (!IsSuffix)
        {
            return IsEvery || host.Equals(Name, StringComparison.OrdinalIgnoreCase);
        }

        var dot = host.Length - Name.Length - 1;
        return dot > 0 && host[dot] == '.' && host[(dot + 1)..].Equals(Name, StringComparison.OrdinalIgnoreCase);
    }

    private static bool TryParse(string text, out HostPattern pattern)
    {
        if (text == "*")
        {
            pattern = new HostPattern("", IsSuffix: false);
            return true;
        }

        var isSuffix = text.StartsWith("*.", StringComparison.Ordinal);
        var name = (isSuffix ? text[2..] : text).TrimEnd('.');
        pattern = new HostPattern(name, isSuffix);
        return HostNames.IsName(name);
    }
}
