// Who may a request believe that it speaks to?
//
// A page may point a name that it owns at any address, this member's too, once it is loaded (DNS rebinding). To the browser
// the page and the member are then one origin: the page reads and writes what it likes through the browser of a user
// who can reach the member, and no Origin header gives it away. What does is Host, which still holds the page's name. So a
// name is answered only where no stranger can own it: an address, a name that the public DNS does not know, one of this
// machine, or one that the operator listed (docs/failures.md, 78; etcd's host whitelist).
//
// Asked of every request in clear text over HTTP/1, whichever program sends it. With TLS the certificate holds the name,
// and browsers speak HTTP/2 over TLS alone.

using System.Net;
using Microsoft.AspNetCore.Http;
using Raftd.Contract;

namespace Raftd.Api.Http;

/// <summary>Looks at Host, and at an absolute target's authority, once a request and without an allocation.</summary>
internal sealed class HostGuard
{
    /// <summary>RFC 6761 (localhost), 6762 (local, which cluster.local is under), 8375 (home.arpa), ICANN's reserved internal,
    /// and svc of Kubernetes' search path: the public DNS has none of them.</summary>
    private static readonly HostPattern[] PrivateNames =
    [
        new("localhost", IsSuffix: true),
        new("local", IsSuffix: true),
        new("internal", IsSuffix: true),
        new("svc", IsSuffix: true),
        new("home.arpa", IsSuffix: true),
        new("cluster.local", IsSuffix: true),
    ];

    private readonly HostPattern[] _patterns;
    private readonly bool _admitsEvery;

    public HostGuard(IReadOnlyList<HostPattern> allowed, IReadOnlyList<string> ownNames)
    {
        _admitsEvery = allowed.Any(pattern => pattern.IsEvery);
        _patterns =
        [
            .. PrivateNames,
            .. ownNames.Where(name => HostNames.IsName(name)).Select(name => new HostPattern(name, IsSuffix: false)),
            .. allowed,
        ];
    }

    /// <summary>The host that the request names and may not; null where there is nothing against it.</summary>
    /// <remarks>HTTP/1.0 may come without Host. No browser sends that, and there is no name in it to be misled by.</remarks>
    public string? FindForeign(HttpRequest request, string rawTarget)
    {
        if (_admitsEvery || request.IsHttps || HttpProtocol.IsHttp2(request.Protocol))
        {
            return null;
        }

        var host = request.Headers.Host;
        if (host.Count > 0 && !Admits(host.ToString()))
        {
            return host.ToString();
        }

        // Kestrel compares the two, but not where Host is missing.
        var authority = RawTarget.Authority(rawTarget);
        return authority.IsEmpty || Admits(authority) ? null : authority.ToString();
    }

    /// <param name="authority">host or host:port.</param>
    internal bool Admits(ReadOnlySpan<char> authority)
    {
        var host = WithoutPort(authority);
        if (host.Length > 1 && host[0] == '[' && host[^1] == ']')
        {
            var literal = host[1..^1];
            return literal.Contains(':') && IPAddress.IsValid(literal);
        }

        if (IPAddress.IsValid(host))
        {
            return !host.Contains(':');
        }

        if (host.Length > 1 && host[^1] == '.')
        {
            host = host[..^1];
        }

        return HostNames.IsName(host) && (!host.Contains('.') || MatchesAny(host));
    }

    private bool MatchesAny(ReadOnlySpan<char> host)
    {
        foreach (var pattern in _patterns)
        {
            if (pattern.Matches(host))
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> authority)
    {
        var colon = authority.LastIndexOf(':');
        return colon < 0 || authority[(colon + 1)..].ContainsAnyExceptInRange('0', '9') ? authority : authority[..colon];
    }
}
