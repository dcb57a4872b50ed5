using Microsoft.AspNetCore.Http;
using Raftd.Api.Http;
using Raftd.Api.Rest.Http;

namespace Raftd.Api.Rest.Routing;

/// <summary>The two ends of routing: what every request passes before it, and what is left of them behind it.</summary>
internal sealed class RestMiddleware(RouteTable table, RestErrors errors, ApiServices services)
{
    private static readonly ApiError NoSuchRoute = ApiError.NotFound("there is no such route", "see /swagger");

    /// <summary>Before routing: refuses forgeries, and pins the path. Nothing comes before it.</summary>
    public Task EnterAsync(HttpContext context, RequestDelegate next)
    {
        var rawTarget = RawTarget.Of(context);
        if (services.Forgeries.Find(context.Request, rawTarget) is { } forgery)
        {
            return errors.AnswerAsync(CallOf(context), forgery).AsTask();
        }

        context.Request.Path = new PathString(table.Pin(rawTarget, RawTarget.Split(rawTarget).Path));
        return next(context);
    }

    /// <summary>Behind routing, which REST endpoints end: the Swagger page, the OpenAPI document, and our 404 for what has no
    /// answer there.</summary>
    public async Task PassOnAsync(HttpContext context, RequestDelegate next)
    {
        var call = CallOf(context);
        if (RawTarget.Split(RawTarget.Of(context)).HasBucket)
        {
            await errors.AnswerAsync(call, NoSuchRoute);
            return;
        }

        try
        {
            context.Request.Path = PathOf(context);
            await next(context);
        }
        catch (Exception exception)
        {
            await errors.AnswerFailureAsync(call, exception);
            return;
        }

        if (context.Response.HasStarted)
        {
            return;
        }

        if (context.Response.StatusCode == StatusCodes.Status404NotFound)
        {
            await errors.AnswerAsync(call, NoSuchRoute);
        }
        else if (context.Response.StatusCode == StatusCodes.Status405MethodNotAllowed)
        {
            await errors.RefuseMethodAsync(call, context.Response.Headers.Allow.ToString());
        }
    }

    private RestCall CallOf(HttpContext context) => new(context, RestRoute.None, services, services.Keyspaces.Default, [], Fields.None);

    /// <summary>Without the pin. `OPTIONS *` has none.</summary>
    private static PathString PathOf(HttpContext context)
    {
        var path = RawTarget.Split(RawTarget.Of(context)).Path;
        return path is ['/', ..] ? new PathString(path.ToString()) : PathString.Empty;
    }
}
