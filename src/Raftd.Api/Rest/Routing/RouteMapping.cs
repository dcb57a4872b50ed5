using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Views;

namespace Raftd.Api.Rest.Routing;

/// <summary>The framework's MapPut and its like for handlers of ours, and the metadata that describes them.</summary>
/// <remarks>The handlers bind nothing through the framework, because its binding sees decoded text; so their parameters are
/// metadata (ApiParameter), and RestEndpoint holds the query against them.</remarks>
internal static class RouteMapping
{
    private static readonly string[] Get = [HttpMethods.Get, HttpMethods.Head];
    private static readonly string[] Put = [HttpMethods.Put];
    private static readonly string[] Post = [HttpMethods.Post];
    private static readonly string[] Delete = [HttpMethods.Delete];

    /// <summary>GET, and HEAD with it.</summary>
    public static RouteHandlerBuilder MapGet(this IEndpointRouteBuilder routes, string path, RestHandler handler) =>
        routes.Map(Get, path, handler);

    public static RouteHandlerBuilder MapPut(this IEndpointRouteBuilder routes, string path, RestHandler handler) =>
        routes.Map(Put, path, handler);

    public static RouteHandlerBuilder MapPost(this IEndpointRouteBuilder routes, string path, RestHandler handler) =>
        routes.Map(Post, path, handler);

    public static RouteHandlerBuilder MapDelete(this IEndpointRouteBuilder routes, string path, RestHandler handler) =>
        routes.Map(Delete, path, handler);

    public static TBuilder WithTraits<TBuilder>(this TBuilder builder, RouteTraits traits)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(traits);

    public static TBuilder WithParameters<TBuilder>(this TBuilder builder, params ApiParameter[] parameters)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata([.. parameters]);

    public static TBuilder WithBody<TBuilder>(this TBuilder builder, string mediaType, string? example = null)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new BodyExample(mediaType, example));

    /// <summary>An answer without a body.</summary>
    public static TBuilder Answers<TBuilder>(this TBuilder builder, int status, string when)
        where TBuilder : IEndpointConventionBuilder => builder.Produces(status, when, typeof(void));

    /// <summary>An answer of text or bytes.</summary>
    public static TBuilder Answers<TBuilder>(this TBuilder builder, int status, string when, string mediaType)
        where TBuilder : IEndpointConventionBuilder =>
        builder.Produces(status, when, mediaType == ContentTypes.Bytes ? typeof(Stream) : typeof(string), mediaType);

    /// <summary>An answer of JSON.</summary>
    /// <param name="builder">The endpoint.</param>
    /// <param name="status">The status.</param>
    /// <param name="when">When it comes.</param>
    /// <param name="view">What is serialized.</param>
    public static TBuilder AnswersJson<TBuilder>(this TBuilder builder, int status, string when, Type view)
        where TBuilder : IEndpointConventionBuilder => builder.Produces(status, when, view, ContentTypes.Json);

    /// <summary>An error answer.</summary>
    public static TBuilder Refuses<TBuilder>(this TBuilder builder, int status, string when)
        where TBuilder : IEndpointConventionBuilder => builder.AnswersJson(status, when, typeof(ErrorView));

    private static TBuilder Produces<TBuilder>(
        this TBuilder builder, int status, string when, Type type, params string[] mediaTypes)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new ProducesResponseTypeMetadata(status, type, mediaTypes) { Description = when });

    /// <summary>Mapped as a Delegate, which gives the endpoint the method that the API explorer looks for; RestEndpoint takes
    /// its place when the endpoint is built.</summary>
    private static RouteHandlerBuilder Map(
        this IEndpointRouteBuilder routes, string[] methods, string path, RestHandler handler)
    {
        Delegate unfinished = new RequestDelegate(Unfinished);
        return routes.MapMethods(path, methods, unfinished).WithMetadata(handler);
    }

    private static Task Unfinished(HttpContext context) =>
        throw new InvalidOperationException("a REST endpoint was mapped outside the group of RestFace");
}
