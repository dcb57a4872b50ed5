namespace Raftd.Api.Rest.Routing;

internal enum ParameterPlace
{
    Path,
    Query,
    Header,
    Form,
}

/// <summary>Endpoint metadata: a parameter that the endpoint reads by itself, from raw bytes. Its name is one that the query or
/// the form may have.</summary>
/// <param name="Place">Where it stands. A field of a form may stand in the query as well.</param>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does; the value's form where that is not plain.</param>
/// <param name="Example">Filled in by the Swagger page; null for none.</param>
/// <param name="Required">Without it the answer is 400.</param>
internal sealed record ApiParameter(
    ParameterPlace Place, string Name, string Description, string? Example = null, bool Required = false);
