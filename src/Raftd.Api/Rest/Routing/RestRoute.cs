using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Raftd.Api.Rest.Routing;

/// <summary>What an endpoint's metadata comes to, worked out once: what binding, redirects, errors and the document ask.</summary>
internal sealed class RestRoute
{
    /// <summary>Stands for the route of a request that has none of ours.</summary>
    public static readonly RestRoute None = new("", [], [], RouteTraits.None);

    private readonly int _parameterStart;
    private readonly int _suffixLength;
    private readonly RouteTraits _traits;

    private RestRoute(string template, IReadOnlyList<string> methods, IReadOnlyList<ApiParameter> parameters, RouteTraits traits)
    {
        Template = template;
        Methods = methods;
        _traits = traits;
        FormFields = [.. parameters.Where(parameter => parameter.Place == ParameterPlace.Form)];
        Parameters =
        [
            .. parameters.Where(parameter => parameter.Place != ParameterPlace.Form),
            .. NeedsLeader ? new[] { CommonParameters.Redirect } : [],
        ];
        FormNames = [.. FormFields.Select(field => field.Name)];
        QueryNames =
            [.. Parameters.Where(parameter => parameter.Place == ParameterPlace.Query).Select(parameter => parameter.Name), .. FormNames];

        var open = template.IndexOf('{', StringComparison.Ordinal);
        _parameterStart = open < 0 ? int.MaxValue : open;
        _suffixLength = open < 0 ? 0 : template.Length - template.IndexOf('}', StringComparison.Ordinal) - 1;
    }

    /// <summary>The path with its parameter's name, as routing has it and as logs name it: keys are users' data.</summary>
    public string Template { get; }

    /// <summary>Empty where it answers the methods that its path does not have.</summary>
    public IReadOnlyList<string> Methods { get; }

    /// <summary>Parameters of the path, the query and the headers.</summary>
    public IReadOnlyList<ApiParameter> Parameters { get; }

    public IReadOnlyList<ApiParameter> FormFields { get; }

    /// <summary>Fields of a form may stand in the query as well.</summary>
    public IReadOnlyList<string> QueryNames { get; }

    public IReadOnlyList<string> FormNames { get; }

    public bool NeedsLeader => _traits.HasFlag(RouteTraits.NeedsLeader);

    public bool HasRevision => _traits.HasFlag(RouteTraits.HasRevision);

    public bool IsOfServer => _traits.HasFlag(RouteTraits.OfServer);

    public static RestRoute Of(EndpointBuilder builder) => new(
        RouteTable.TemplateOf(((RouteEndpointBuilder)builder).RoutePattern),
        RouteTable.MethodsOf(builder.Metadata),
        [.. builder.Metadata.OfType<ApiParameter>()],
        builder.Metadata.OfType<RouteTraits>().Aggregate(RouteTraits.None, (all, next) => all | next));

    /// <summary>Whether the method is one of this route's. Routing compares methods without case, and `get` is not GET.</summary>
    public bool Takes(string method)
    {
        foreach (var own in Methods)
        {
            if (string.Equals(own, method, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Where the path's parameter lies in the raw path; nothing where there is none.</summary>
    /// <param name="path">One that routing has found to be this route's.</param>
    public ReadOnlySpan<char> ParameterOf(ReadOnlySpan<char> path) =>
        path.Length < _parameterStart ? [] : path[_parameterStart..^_suffixLength];

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{string.Join(' ', Methods)} {Template}");
}
