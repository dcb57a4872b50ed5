using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Raftd.Api.Rest.Routing;

/// <summary>What routing needs to know of all REST endpoints together and does not do by itself: raw paths, and 405 with an
/// Allow in the order of the mapping.</summary>
/// <remarks>
/// Routing sees Request.Path, which Kestrel has decoded: dot segments are resolved, several keys fall together. So the raw
/// path takes its place, pinned: all that routing would read more loosely than we do becomes a path that it does not know.
/// <list type="bullet">
/// <item>`/key/` and all that follows it, dot segments and double slashes included, is `/key`; the endpoint takes the key
/// from the raw target. The same for every path that ends in a catch-all.</item>
/// <item>Routing compares literals without case: `/STATUS` becomes `/******`, which can still be a parameter's value.</item>
/// <item>Routing overlooks a slash at the end: `/status/` becomes `//`, which is no route.</item>
/// </list>
/// </remarks>
internal sealed class RouteTable
{
    private const string NoRoute = "//";

    private readonly string[] _keyPaths;
    private readonly Dictionary<string, string> _allowed;

    private RouteTable(IEnumerable<RouteEndpoint> endpoints)
    {
        var paths = endpoints.GroupBy(endpoint => TemplateOf(endpoint.RoutePattern), StringComparer.Ordinal).ToArray();
        foreach (var path in paths)
        {
            Invariant.Check(
                !path.Key.AsSpan().ContainsAnyInRange('A', 'Z'), $"{path.Key} has capitals, which no pinned path has");
        }

        _keyPaths =
        [
            .. paths.Where(path => IsKeyPath(path.First().RoutePattern)).Select(path => PathOf(path.First().RoutePattern)),
        ];
        _allowed = paths.ToDictionary(
            path => path.Key,
            path => string.Join(", ", path.SelectMany(endpoint => MethodsOf(endpoint.Metadata))),
            StringComparer.Ordinal);
    }

    /// <summary>Of the endpoints mapped so far; maps one more for each path, which takes the methods that the others do not.</summary>
    /// <remarks>Not routing's own 405: that one comes only where no other path fits, so DELETE /lease/grant would be DELETE
    /// /lease/{id}; and it knows nothing of revisions.</remarks>
    public static RouteTable Complete(IEndpointRouteBuilder rest)
    {
        var endpoints = rest.DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>().ToArray();
        foreach (var endpoint in endpoints.DistinctBy(endpoint => TemplateOf(endpoint.RoutePattern), StringComparer.Ordinal))
        {
            rest.Map(TemplateOf(endpoint.RoutePattern), _ => Task.CompletedTask)
                .WithMetadata([.. endpoint.Metadata.OfType<RouteTraits>()]);
        }

        return new RouteTable(endpoints);
    }

    public static IReadOnlyList<string> MethodsOf(IEnumerable<object> metadata) =>
        metadata.OfType<IHttpMethodMetadata>().LastOrDefault()?.HttpMethods ?? [];

    /// <summary>The path as it was mapped; a group adds a slash to an empty one.</summary>
    public static string TemplateOf(RoutePattern pattern) => pattern.RawText is { Length: > 1 } text ? text.TrimEnd('/') : "/";

    /// <summary>The path as routing has it: that of keys ends before them.</summary>
    public static string PathOf(RoutePattern pattern)
    {
        var template = TemplateOf(pattern);
        return IsKeyPath(pattern) ? template[..template.IndexOf("/{", StringComparison.Ordinal)] : template;
    }

    /// <summary>For the Allow header.</summary>
    public string AllowedOn(RestRoute route) => _allowed[route.Template];

    /// <summary>The path that routing is to see.</summary>
    /// <param name="rawTarget">As it came; taken as it is where path and target are one.</param>
    /// <param name="path">Its path.</param>
    public string Pin(string rawTarget, ReadOnlySpan<char> path)
    {
        foreach (var keyPath in _keyPaths)
        {
            if (path.StartsWith(keyPath) && (path.Length == keyPath.Length || path[keyPath.Length] == '/'))
            {
                return keyPath;
            }
        }

        if (path is (not ['/', ..]) or [_, .., '/'])
        {
            return NoRoute;
        }

        return path.ContainsAnyInRange('A', 'Z') ? WithoutCapitals(path)
            : path.Length == rawTarget.Length ? rawTarget
            : path.ToString();
    }

    private static bool IsKeyPath(RoutePattern pattern) => pattern.Parameters.Any(parameter => parameter.IsCatchAll);

    private static string WithoutCapitals(ReadOnlySpan<char> path) => string.Create(
        path.Length,
        path,
        static (pinned, path) =>
        {
            for (var i = 0; i < path.Length; i++)
            {
                pinned[i] = char.IsAsciiLetterUpper(path[i]) ? '*' : path[i];
            }
        });
}
