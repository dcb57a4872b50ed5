using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Views;

namespace Raftd.Api.Rest;

/// <summary>One method on one path: what answers it and how it is described. The same table dispatches, checks the names
/// of parameters and makes /openapi/v1.json, so that none of them can disagree.</summary>
internal sealed record RestRoute(string Method, string Template, Func<RestCall, ValueTask> Handler)
{
    public required string Tag { get; init; }

    public required string Summary { get; init; }

    public string Description { get; init; } = "";

    /// <summary>Parameters of the path, the query and the headers.</summary>
    public IReadOnlyList<ApiParameter> Parameters { get; init; } = [];

    /// <summary>Fields of a form body; they may stand in the query as well.</summary>
    public IReadOnlyList<ApiParameter> FormFields { get; init; } = [];

    /// <summary>The bodies it takes: media type and example; empty for none.</summary>
    public IReadOnlyList<(string MediaType, string Example)> Bodies { get; init; } = [];

    public required IReadOnlyList<ApiAnswer> Answers { get; init; }

    /// <summary>Needs the leader in the end, so `?redirect=1` applies.</summary>
    public bool NeedsLeader { get; init; }

    /// <summary>Answers carry X-Raftd-Revision: the key and lease routes.</summary>
    public bool HasRevision { get; init; }

    public IReadOnlyList<string> QueryNames { get; private set; } = [];

    public IReadOnlyList<string> FormNames { get; private set; } = [];

    public RestRoute Complete()
    {
        var redirect = NeedsLeader ? new[] { CommonParameters.Redirect } : [];
        var parameters = Parameters.Concat(redirect).ToArray();
        return this with
        {
            Parameters = parameters,
            Answers = [.. Answers, CommonAnswers.Forbidden],
            QueryNames =
                [.. parameters.Where(p => p.Place == ParameterPlace.Query).Concat(FormFields).Select(p => p.Name)],
            FormNames = [.. FormFields.Select(field => field.Name)],
        };
    }
}

internal enum ParameterPlace
{
    Path,
    Query,
    Header,
    Form,
}

/// <summary>A parameter as the document shows it.</summary>
/// <param name="Place">Where it stands.</param>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does; the value's form where that is not plain.</param>
/// <param name="Example">Filled in by the Swagger page where the parameter is required; null for none.</param>
/// <param name="Required">Without it the answer is 400.</param>
internal sealed record ApiParameter(
    ParameterPlace Place, string Name, string Description, string? Example = null, bool Required = false);

/// <summary>An answer as the document shows it.</summary>
/// <param name="Status">The status.</param>
/// <param name="Description">When it comes.</param>
/// <param name="MediaType">Null for an empty body.</param>
/// <param name="Body">The view that is serialized; null for text and bytes.</param>
internal sealed record ApiAnswer(int Status, string Description, string? MediaType = null, Type? Body = null);

internal static class CommonAnswers
{
    public static readonly ApiAnswer Forbidden = new(
        403, "a Host that is not in -allowed-hosts, or an Origin that is not this member", ContentTypes.Json, typeof(ErrorView));
}

internal static class CommonParameters
{
    public static readonly ApiParameter Redirect = new(
        ParameterPlace.Query, "redirect", "1: a member that does not lead answers 307 to the leader; 0: it forwards");

    public static readonly ApiParameter Key64 = new(
        ParameterPlace.Query, "key64", "the key as base64url, for bytes that no path can carry; the path ends at the slash");

    public static readonly ApiParameter Level = new(
        ParameterPlace.Query, "level", "default or consistent (linearizable), or stale (this member's state)");
}
