namespace Raftd.Api.Rest.Routing;

/// <summary>Endpoint metadata: a body that the endpoint takes, for the document.</summary>
/// <remarks>Not the framework's Accepts: routing would answer 415 to every other Content-Type, and a value may have any.</remarks>
/// <param name="MediaType">Its type.</param>
/// <param name="Example">Filled in by the Swagger page; null for none.</param>
internal sealed record BodyExample(string MediaType, string? Example);
