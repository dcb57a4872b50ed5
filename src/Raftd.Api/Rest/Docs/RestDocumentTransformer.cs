using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Raftd.Api.Rest.Docs;

/// <summary>Writes into the document what is of this member and of now: its version, and examples that run when they are
/// clicked.</summary>
internal sealed class RestDocumentTransformer(ApiServices services) : IOpenApiDocumentTransformer
{
    public async Task TransformAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "raftd",
            Version = services.Keyspaces.Default.Cluster.Status().Version,
            Description = "A strongly consistent, replicated key-value store. Every member answers every request. "
                + "Errors are JSON with error, code and hint. Paths of keys, leases, watches and transactions are of the bucket `default`; "
                + "with `/b/{bucket}` before them they are of that bucket.",
        };

        // Same origin: the page asks the member that served it.
        document.Servers = [new OpenApiServer { Url = "/" }];
        var live = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [ExampleLease.Placeholder] = await ExampleLease.FindAsync(services, cancellationToken),
            [ExampleRevision.Placeholder] = ExampleRevision.Find(services),
        };
        foreach (var parameter in document.Paths.Values
            .SelectMany(path => path.Operations!.Values)
            .SelectMany(operation => operation.Parameters!)
            .OfType<OpenApiParameter>())
        {
            if (parameter.Example is JsonValue value && live.TryGetValue(value.GetValue<string>(), out var example))
            {
                parameter.Example = example;
            }
        }
    }
}
