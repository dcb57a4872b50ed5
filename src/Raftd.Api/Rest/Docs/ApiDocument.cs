using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Raftd.Api.Rest.Views;

namespace Raftd.Api.Rest.Docs;

/// <summary>/openapi/v1.json and the page over it at /swagger.</summary>
internal static class ApiDocument
{
    /// <summary>The page's own scripts and styles and nothing else; Swagger UI sets styles inline and shows data: icons.</summary>
    private const string PageCsp =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        + "font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

    public static void AddApiDocument(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Instance);
            options.SerializerOptions.PropertyNamingPolicy = ApiJson.Instance.Options.PropertyNamingPolicy;
        });
        services.TryAddEnumerable(ServiceDescriptor.Transient<IApiDescriptionProvider, RestDescriptions>());
        services.AddOpenApi("v1", options =>
        {
            // HEAD is GET without its body.
            options.ShouldInclude = description => description.HttpMethod != HttpMethods.Head;
            options.CreateSchemaReferenceId = SchemaName;
            options.AddOperationTransformer<RestOperationTransformer>();
            options.AddDocumentTransformer<RestDocumentTransformer>();
        });
    }

    public static void MapApiDocument(this WebApplication app)
    {
        app.Use(next => context =>
        {
            if (context.Request.Path.StartsWithSegments("/swagger", StringComparison.Ordinal))
            {
                context.Response.Headers.ContentSecurityPolicy = PageCsp;
                context.Response.Headers.XContentTypeOptions = "nosniff";
            }

            return next(context);
        });
        app.UseSwaggerUI(page =>
        {
            page.RoutePrefix = "swagger";
            page.DocumentTitle = "raftd";
            page.SwaggerEndpoint("/openapi/v1.json", "raftd REST API");
            page.EnableTryItOutByDefault();
            page.EnableDeepLinking();
            page.DisplayRequestDuration();
        });
        app.MapOpenApi();
    }

    /// <summary>Views are called by what they show.</summary>
    private static string? SchemaName(JsonTypeInfo type) =>
        OpenApiOptions.CreateDefaultSchemaReferenceId(type)?.Replace("View", "", StringComparison.Ordinal);
}
