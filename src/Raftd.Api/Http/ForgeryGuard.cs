using Microsoft.AspNetCore.Http;

namespace Raftd.Api.Http;

/// <summary>Finds what speaks for a foreign page that asks through a user's browser. Looked at in front of everything, the
/// documents and what does not exist included: such a page must learn nothing.</summary>
internal sealed class ForgeryGuard(HostGuard hosts)
{
    /// <returns>Null where there is nothing against the request.</returns>
    public ApiError? Find(HttpRequest request, string rawTarget)
    {
        if (hosts.FindForeign(request, rawTarget) is { } host)
        {
            return ApiError.ForeignHost(host);
        }

        // Browsers send Origin with every request that could change something or be read elsewhere; curl sends none.
        var origin = request.Headers.Origin;
        return origin.Count == 0 || IsOwnOrigin(origin.ToString(), request.Headers.Host.ToString())
            ? null
            : ApiError.ForeignOrigin(origin.ToString());
    }

    /// <summary>https as well: a proxy in front may speak TLS to the browser.</summary>
    private static bool IsOwnOrigin(ReadOnlySpan<char> origin, ReadOnlySpan<char> host)
    {
        var separator = origin.IndexOf("://", StringComparison.Ordinal);
        return separator >= 0
            && (origin[..separator].Equals("http", StringComparison.OrdinalIgnoreCase)
                || origin[..separator].Equals("https", StringComparison.OrdinalIgnoreCase))
            && origin[(separator + 3)..].Equals(host, StringComparison.OrdinalIgnoreCase);
    }
}
