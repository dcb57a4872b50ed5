using System.Net;
using Raftd.Contract;

namespace Raftd.Cli.Settings;

/// <summary>
/// A host and a port: <c>127.0.0.1:8001</c>, <c>db1.example:8001</c>, <c>[::1]:7200</c>, <c>:7200</c>; or the URL of one, as
/// etcd's flags have it: <c>http://127.0.0.1:8001</c>.
/// </summary>
/// <param name="Host">A name or an address, without brackets; empty means every interface.</param>
/// <param name="Port">1 to 65535.</param>
internal readonly record struct HostPort(string Host, int Port)
{
    public const string Wanted = "expected one host:port, such as 127.0.0.1:8001, [::1]:8001 or :8001";

    /// <summary>http or https where it was written as a URL; empty where not. It says nothing new: the certificates decide.</summary>
    public string Scheme { get; private init; } = "";

    /// <summary>Whether it stands for every interface: <c>:7200</c>, <c>0.0.0.0:7200</c>, <c>[::]:7200</c>.</summary>
    public bool IsAny => Host.Length == 0
        || (IPAddress.TryParse(Host, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)));

    /// <summary>Whether only this machine can reach it.</summary>
    public bool IsLoopback => Host == "localhost"
        || (IPAddress.TryParse(Host, out var ip) && IPAddress.IsLoopback(ip));

    public static bool TryParse(string text, out HostPort value)
    {
        value = default;
        var scheme = SchemeOf(text);
        text = scheme.Length == 0 ? text : text[(scheme.Length + Uri.SchemeDelimiter.Length)..].TrimEnd('/');
        var colon = text.LastIndexOf(':');
        if (colon < 0
            || !MemberNames.TryParsePort(text.AsSpan(colon + 1), out var port)
            || !TryParseHost(text[..colon], out var host))
        {
            return false;
        }

        value = new HostPort(host, port) { Scheme = scheme };
        return true;
    }

    /// <summary>Several, separated by commas; none for an empty text.</summary>
    public static bool TryParseList(string text, out IReadOnlyList<HostPort> values)
    {
        var list = new List<HostPort>();
        values = list;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryParse(part, out var value))
            {
                values = [];
                return false;
            }

            list.Add(value);
        }

        return true;
    }

    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static string SchemeOf(string text) =>
        text.StartsWith("http://", StringComparison.Ordinal) ? Uri.UriSchemeHttp
        : text.StartsWith("https://", StringComparison.Ordinal) ? Uri.UriSchemeHttps
        : "";

    private static bool TryParseHost(string text, out string host)
    {
        if (text.StartsWith('[') && text.EndsWith(']'))
        {
            host = text[1..^1];
            return host.Contains(':') && IPAddress.TryParse(host, out _);
        }

        host = text;
        return text.Length == 0 || Uri.CheckHostName(text) is UriHostNameType.Dns or UriHostNameType.IPv4;
    }
}
