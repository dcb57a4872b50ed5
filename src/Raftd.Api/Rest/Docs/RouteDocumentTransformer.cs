using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Raftd.Api.Rest.Http;

namespace Raftd.Api.Rest.Docs;

/// <summary>Writes the route table into the OpenAPI document: what is dispatched is what is described.</summary>
internal sealed class RouteDocumentTransformer(RouteTable table, ApiServices services) : IOpenApiDocumentTransformer
{
    public async Task TransformAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "raftd",
            Version = services.Cluster.Status().Version,
            Description = "A strongly consistent, replicated key-value store. Every member answers every request. "
                + "Errors are JSON with error, code and hint.",
        };

        // Same origin: the page asks the member that served it.
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Paths = [];
        var live = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [ExampleLease.Placeholder] = await ExampleLease.FindAsync(services, cancellationToken),
            [ExampleRevision.Placeholder] = ExampleRevision.Find(services),
        };
        foreach (var route in table.Routes)
        {
            var path = route.Template.Replace("...", "", StringComparison.Ordinal);
            if (!document.Paths.TryGetValue(path, out var item))
            {
                item = new OpenApiPathItem { Operations = [] };
                document.Paths.Add(path, item);
            }

            var operation = await OperationAsync(route, live, context, document, cancellationToken);
            item.Operations![HttpMethod.Parse(route.Method)] = operation;
        }
    }

    private static async Task<OpenApiOperation> OperationAsync(
        RestRoute route,
        Dictionary<string, string> live,
        OpenApiDocumentTransformerContext context,
        OpenApiDocument document,
        CancellationToken cancellationToken)
    {
        var operation = new OpenApiOperation
        {
            Summary = route.Summary,
            Description = route.Description,
            OperationId = OperationId(route),
            Tags = new HashSet<OpenApiTagReference> { Tag(route.Tag, document) },
            Parameters = [.. route.Parameters.Select(parameter => Parameter(parameter, live))],
            RequestBody = RequestBodyOf(route),
            Responses = [],
        };
        foreach (var answer in route.Answers)
        {
            operation.Responses[RestCall.Format(answer.Status)] =
                await AnswerAsync(answer, context, document, cancellationToken);
        }

        return operation;
    }

    private static OpenApiTagReference Tag(string name, OpenApiDocument document)
    {
        document.Tags ??= new HashSet<OpenApiTag>();
        if (!document.Tags.Any(tag => tag.Name == name))
        {
            document.Tags.Add(new OpenApiTag { Name = name });
        }

        return new OpenApiTagReference(name, document);
    }

    private static string OperationId(RestRoute route)
    {
        var words = route.Template.Split(['/', '{', '}', '.'], StringSplitOptions.RemoveEmptyEntries);
        return string.Join('_', words.Prepend(route.Method.ToLowerInvariant()));
    }

    private static OpenApiParameter Parameter(ApiParameter parameter, Dictionary<string, string> live) => new()
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
        Example = ExampleOf(parameter, live),
    };

    /// <param name="parameter">Its example may be a placeholder.</param>
    /// <param name="live">What stands for each placeholder now, so that the example runs when it is clicked.</param>
    private static JsonValue? ExampleOf(ApiParameter parameter, Dictionary<string, string> live) => parameter.Example switch
    {
        null => null,
        var example => JsonValue.Create(live.GetValueOrDefault(example, example)),
    };

    private static OpenApiRequestBody? RequestBodyOf(RestRoute route)
    {
        if (route.FormFields.Count > 0)
        {
            return new OpenApiRequestBody { Content = FormContent(route.FormFields) };
        }

        return route.Bodies.Count == 0 ? null : new OpenApiRequestBody
        {
            Required = true,
            Content = route.Bodies.ToDictionary(
                body => body.MediaType,
                body => new OpenApiMediaType
                {
                    Schema = BodySchema(body.MediaType),
                    Example = body.Example.Length == 0 ? null : ExampleBody(body.MediaType, body.Example),
                },
                StringComparer.Ordinal),
        };
    }

    private static JsonNode? ExampleBody(string mediaType, string example) =>
        mediaType == ContentTypes.Json ? JsonNode.Parse(example) : JsonValue.Create(example);

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

    private static async Task<OpenApiResponse> AnswerAsync(
        ApiAnswer answer,
        OpenApiDocumentTransformerContext context,
        OpenApiDocument document,
        CancellationToken cancellationToken)
    {
        var response = new OpenApiResponse { Description = answer.Description };
        if (answer.MediaType is not { } mediaType)
        {
            return response;
        }

        var schema = answer.Body is { } view
            ? await SchemaAsync(view, context, document, cancellationToken)
            : BodySchema(mediaType);
        response.Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            [mediaType] = new OpenApiMediaType { Schema = schema },
        };
        return response;
    }

    private static async Task<IOpenApiSchema> SchemaAsync(
        Type view,
        OpenApiDocumentTransformerContext context,
        OpenApiDocument document,
        CancellationToken cancellationToken)
    {
        var schema = await context.GetOrCreateSchemaAsync(view, null, cancellationToken);
        if (view.IsArray)
        {
            return schema;
        }

        var name = view.Name.Replace("View", "", StringComparison.Ordinal);
        document.AddComponent(name, schema);
        return new OpenApiSchemaReference(name, document);
    }
}
