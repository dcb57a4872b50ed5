namespace Raftd.Api.Rest.Routing;

/// <summary>Answers one request: checks, asks the store, writes. What it throws becomes the error answer (RestErrors).</summary>
internal delegate ValueTask RestHandler(RestCall call);
