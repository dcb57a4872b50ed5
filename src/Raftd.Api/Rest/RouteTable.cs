using Microsoft.AspNetCore.Http;

namespace Raftd.Api.Rest;

/// <summary>Finds the route of a raw path. Own code, not the framework's routing, because that sees the decoded path.</summary>
/// <remarks>
/// A template is literal text with at most one parameter: `{name}` is one segment, `{name...}` is all that follows, slashes
/// included. Literals are compared as they stand, so `/stat%75s` is not `/status`. The first template that fits decides,
/// and then the method; the table is short, and keys come first.
/// </remarks>
internal sealed class RouteTable
{
    private readonly PathRoutes[] _paths;

    public RouteTable(IEnumerable<RestRoute> routes)
    {
        Routes = [.. routes.Select(route => route.Complete())];
        _paths = [.. Routes.GroupBy(route => route.Template, StringComparer.Ordinal).Select(group => new PathRoutes(group))];
    }

    public IReadOnlyList<RestRoute> Routes { get; }

    public PathRoutes? Find(ReadOnlySpan<char> path, out ReadOnlySpan<char> parameter)
    {
        foreach (var candidate in _paths)
        {
            if (candidate.TryMatch(path, out parameter))
            {
                return candidate;
            }
        }

        parameter = default;
        return null;
    }
}

/// <summary>The methods of one path.</summary>
internal sealed class PathRoutes
{
    private readonly string _prefix;
    private readonly string _suffix = "";
    private readonly bool _hasParameter;
    private readonly bool _takesRest;
    private readonly RestRoute[] _routes;

    public PathRoutes(IGrouping<string, RestRoute> routes)
    {
        _routes = [.. routes];
        var methods = _routes.SelectMany(
            route => route.Method == HttpMethods.Get ? new[] { HttpMethods.Get, HttpMethods.Head } : [route.Method]);
        Allow = string.Join(", ", methods);

        var template = routes.Key;
        var open = template.IndexOf('{', StringComparison.Ordinal);
        _prefix = open < 0 ? template : template[..open];
        if (open >= 0)
        {
            var close = template.IndexOf('}', StringComparison.Ordinal);
            _hasParameter = true;
            _takesRest = template[open..close].EndsWith("...", StringComparison.Ordinal);
            _suffix = template[(close + 1)..];
        }
    }

    /// <summary>For the Allow header; GET brings HEAD with it.</summary>
    public string Allow { get; }

    /// <summary>Stands for the path where the method is none of its own.</summary>
    public RestRoute Any => _routes[0];

    public RestRoute? Find(string method)
    {
        var wanted = HttpMethods.IsHead(method) ? HttpMethods.Get : method;
        foreach (var route in _routes)
        {
            if (string.Equals(route.Method, wanted, StringComparison.Ordinal))
            {
                return route;
            }
        }

        return null;
    }

    public bool TryMatch(ReadOnlySpan<char> path, out ReadOnlySpan<char> parameter)
    {
        parameter = default;
        if (!_hasParameter)
        {
            return path.SequenceEqual(_prefix);
        }

        if (_takesRest && path.SequenceEqual(_prefix.AsSpan(0, _prefix.Length - 1)))
        {
            return true;
        }

        if (!path.StartsWith(_prefix) || !path[_prefix.Length..].EndsWith(_suffix))
        {
            return false;
        }

        parameter = path[_prefix.Length..^_suffix.Length];
        return _takesRest || (parameter.Length > 0 && !parameter.Contains('/'));
    }
}
