using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Routing;

namespace Raftd.Api.Rest.Docs;

/// <summary>Writes what our metadata says of an operation into the document: its parameters and bodies. Summaries, tags and
/// answers are the framework's metadata, and there already; when an answer comes is not.</summary>
internal sealed class RestOperationTransformer : IOpenApiOperationTransformer
{
    public Task TransformAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var route = metadata.OfType<RestRoute>().Single();
        operation.OperationId = OperationId(context.Description.HttpMethod!, route.Template);
        operation.Parameters = [.. route.Parameters.Select(Parameter)];
        operation.RequestBody = route.FormFields.Count > 0
            ? new OpenApiRequestBody { Content = FormContent(route.FormFields) }
            : BodyOf([.. metadata.OfType<BodyExample>()]);
        foreach (var answer in metadata.OfType<IProducesResponseTypeMetadata>())
        {
            operation.Responses![RestCall.Format(answer.StatusCode)].Description = answer.Description;
        }

        return Task.CompletedTask;
    }

    private static string OperationId(string method, string template)
    {
        var words = template.Split(['/', '{', '}', '*'], StringSplitOptions.RemoveEmptyEntries);
        return string.Join('_', words.Prepend(method.ToLowerInvariant()));
    }

    private static OpenApiParameter Parameter(ApiParameter parameter) => new()
    {
        Name = parameter.Name,
        In = parameter.Place switch
        {
            ParameterPlace.Path => ParameterLocation.Path,
            ParameterPlace.Header => ParameterLocation.Header,
            _ => ParameterLocation.Query,
        },
        Description = parameter.Description,
        Required = parameter.Required,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        Example = parameter.Example,
    };

    private static OpenApiRequestBody? BodyOf(IReadOnlyList<BodyExample> bodies) => bodies.Count == 0 ? null : new()
    {
        Required = true,
        Content = bodies.ToDictionary(
            body => body.MediaType,
            body => new OpenApiMediaType { Schema = BodySchema(body.MediaType), Example = ExampleOf(body) },
            StringComparer.Ordinal),
    };

    private static JsonNode? ExampleOf(BodyExample body) => body.Example is { } example && body.MediaType == ContentTypes.Json
        ? JsonNode.Parse(example)
        : body.Example;

    private static OpenApiSchema BodySchema(string mediaType) => mediaType switch
    {
        ContentTypes.Json => new OpenApiSchema { Type = JsonSchemaType.Object },
        ContentTypes.Bytes => new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
        _ => new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static Dictionary<string, OpenApiMediaType> FormContent(IReadOnlyList<ApiParameter> fields)
    {
        var schema = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Required = fields.Where(field => field.Required).Select(field => field.Name).ToHashSet(StringComparer.Ordinal),
            Properties = fields.ToDictionary(
                field => field.Name,
                IOpenApiSchema (field) => new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Description = field.Description,
                    Examples = field.Example is null ? null : [JsonValue.Create(field.Example)],
                },
                StringComparer.Ordinal),
        };
        return new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            ["application/x-www-form-urlencoded"] = new OpenApiMediaType { Schema = schema },
            ["multipart/form-data"] = new OpenApiMediaType { Schema = schema },
        };
    }
}
