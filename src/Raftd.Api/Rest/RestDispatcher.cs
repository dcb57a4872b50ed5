using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Raftd.Api.Http;
using Raftd.Api.Rest.Http;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>The middleware in front of everything: raw target → route → handler → error answer.</summary>
/// <remarks>
/// A handler checks, asks the store, and writes; whatever it throws ends here, and here alone it becomes an answer. Paths
/// that are not in the table (the Swagger page, the OpenAPI document) go on to the framework; what has no answer there
/// gets our 404.
/// </remarks>
internal sealed class RestDispatcher(RouteTable table, ApiServices services)
{
    private static readonly RestRoute NoRoute = new("", "", _ => ValueTask.CompletedTask)
    {
        Tag = "",
        Summary = "",
        Answers = [],
    };

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var rawTarget = RawTargetOf(context);
        if (FindForgery(context.Request, rawTarget) is { } forgery)
        {
            return AnswerAsync(new RestCall(context, NoRoute, services, [], Fields.None), forgery).AsTask();
        }

        var target = RawTarget.Split(rawTarget);
        var path = table.Find(target.Path, out var parameter);
        if (path is null)
        {
            return PassOnAsync(context, next);
        }

        if (path.Find(context.Request.Method) is not { } route)
        {
            return RefuseMethodAsync(context, path);
        }

        RestCall call;
        try
        {
            var decoded = PercentEncoding.Decode(parameter);
            if (decoded is null)
            {
                ApiException.BadRequest("malformed percent-encoding in the path", PercentEncoding.Hint);
            }

            if (decoded.Contains((byte)0))
            {
                // In origin form Kestrel refuses it before us; absolute form must not be a way around that.
                ApiException.BadRequest("a NUL byte cannot stand in a path", "name the key as ?key64=");
            }

            var query = Fields.FromQuery(target.Query);
            query.AllowOnly(route.QueryNames, "query parameter");
            call = new RestCall(context, route, services, decoded, query);
        }
        catch (ApiException refusal)
        {
            call = new RestCall(context, route, services, [], Fields.None);
            return AnswerAsync(call, refusal.Error).AsTask();
        }

        return RunAsync(call);
    }

    private static string RawTargetOf(HttpContext context) =>
        context.Features.Get<IHttpRequestFeature>()!.RawTarget;

    private async Task RunAsync(RestCall call)
    {
        try
        {
            if (call.Route.NeedsLeader && WantsRedirect(call))
            {
                Redirect(call);
            }
            else
            {
                await call.Route.Handler(call);
            }

            CloseIfBodyWasNotAskedFor(call);
        }
        catch (Exception exception)
        {
            await AnswerFailureAsync(call, exception);
        }
    }

    private async ValueTask AnswerFailureAsync(RestCall call, Exception exception)
    {
        var error = exception switch
        {
            ApiException refusal => refusal.Error,
            StoreException failure => ApiError.From(failure),
            BadHttpRequestException malformed => ApiError.From(malformed),
            _ => null,
        };
        if (error is null)
        {
            // The template, not the path: keys are users' data and stay out of logs.
            var where = call.Route == NoRoute ? call.Request.Path.ToString() : call.Route.Template;

            // Asked only here, because the token costs an allocation; a connection that broke throws on its own.
            if (exception is ConnectionResetException or ConnectionAbortedException
                || call.ClientGone.IsCancellationRequested)
            {
                ApiLog.ClientGone(services.Log, call.Request.Method, where);
                return;
            }

            ApiLog.RequestFailed(services.Log, exception, call.Request.Method, where);
            error = ApiError.Internal();
        }
        else if (error.Status == StatusCodes.Status429TooManyRequests && exception is ApiException)
        {
            ApiLog.BudgetFull(services.Log, error.Message);
        }

        await AnswerAsync(call, error);
    }

    private async ValueTask AnswerAsync(RestCall call, ApiError error)
    {
        if (call.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            call.Context.Abort();
            return;
        }

        var revision = call.Response.Headers[RestCall.RevisionHeader];
        var contentRange = call.Response.Headers.ContentRange;
        call.Response.Clear();
        if (error.Status == StatusCodes.Status416RangeNotSatisfiable)
        {
            call.Response.Headers.ContentRange = contentRange;
        }

        if (call.Route.HasRevision)
        {
            call.Response.Headers[RestCall.RevisionHeader] =
                revision.Count > 0 ? revision : RestCall.Format(services.Cluster.Revision);
        }

        if (error.Status is StatusCodes.Status408RequestTimeout or StatusCodes.Status413PayloadTooLarge)
        {
            CloseAfterAnswer(call);
        }

        CloseIfBodyWasNotAskedFor(call);
        await call.WriteErrorAsync(error);
    }

    /// <summary>A client that waits for `100 Continue` and gets a final answer sends no body: where the next request on
    /// the connection would begin is then a matter of opinion, so there is none (RFC 9110, 10.1.1).</summary>
    private static void CloseIfBodyWasNotAskedFor(RestCall call)
    {
        if (call.Request.Headers.Expect.Count > 0 && !call.Response.HasStarted && !call.BodyWasRead)
        {
            CloseAfterAnswer(call);
        }
    }

    private static void CloseAfterAnswer(RestCall call)
    {
        if (!call.Response.HasStarted && HttpProtocol.IsHttp11(call.Request.Protocol))
        {
            call.Response.Headers.Connection = "close";
        }
    }

    /// <summary>What speaks for a foreign page that asks through a user's browser; null for nothing. Looked at in front of
    /// everything, the documents and what does not exist included: such a page must learn nothing.</summary>
    private ApiError? FindForgery(HttpRequest request, string rawTarget)
    {
        if (services.Hosts.FindForeign(request, rawTarget) is { } host)
        {
            return ApiError.ForeignHost(host);
        }

        // Browsers send Origin with every request that could change something or be read elsewhere; curl sends none.
        var origin = request.Headers.Origin;
        return origin.Count == 0 || IsOwnOrigin(origin.ToString(), request.Headers.Host.ToString())
            ? null
            : ApiError.ForeignOrigin(origin.ToString());
    }

    /// <summary>https as well: a proxy in front may speak TLS to the browser.</summary>
    private static bool IsOwnOrigin(ReadOnlySpan<char> origin, ReadOnlySpan<char> host)
    {
        var separator = origin.IndexOf("://", StringComparison.Ordinal);
        return separator >= 0
            && (origin[..separator].Equals("http", StringComparison.OrdinalIgnoreCase)
                || origin[..separator].Equals("https", StringComparison.OrdinalIgnoreCase))
            && origin[(separator + 3)..].Equals(host, StringComparison.OrdinalIgnoreCase);
    }

    private bool WantsRedirect(RestCall call)
    {
        var redirect = call.Query.TryFlag("redirect") ?? services.Options.RedirectByDefault;

        // A stale read is a question to this member.
        return redirect && !services.Cluster.IsLeader && call.Query.Text("level") != "stale";
    }

    private void Redirect(RestCall call)
    {
        if (services.Cluster.LeaderUrl is not { } leader)
        {
            throw new ApiException(ApiError.NoLeader());
        }

        if (call.Route.HasRevision)
        {
            call.SetRevision(services.Cluster.Revision);
        }

        var target = RawTarget.WithoutAuthority(RawTargetOf(call.Context));
        call.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        call.Response.Headers.Location = string.Concat(leader.TrimEnd('/'), target);
        call.Response.ContentLength = 0;
    }

    private Task RefuseMethodAsync(HttpContext context, PathRoutes path)
    {
        var call = new RestCall(context, path.Any, services, [], Fields.None);
        context.Response.OnStarting(() =>
        {
            context.Response.Headers.Allow = path.Allow;
            return Task.CompletedTask;
        });
        return AnswerAsync(call, ApiError.MethodNotAllowed(context.Request.Method, path.Allow)).AsTask();
    }

    private async Task PassOnAsync(HttpContext context, RequestDelegate next)
    {
        var call = new RestCall(context, NoRoute, services, [], Fields.None);
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            await AnswerFailureAsync(call, exception);
            return;
        }

        if (context.Response.HasStarted)
        {
            return;
        }

        if (context.Response.StatusCode == StatusCodes.Status404NotFound)
        {
            await AnswerAsync(call, ApiError.NotFound("there is no such route", "see /swagger"));
        }
        else if (context.Response.StatusCode == StatusCodes.Status405MethodNotAllowed)
        {
            var allow = context.Response.Headers.Allow.ToString();
            await AnswerAsync(call, ApiError.MethodNotAllowed(context.Request.Method, allow));
            context.Response.Headers.Allow = allow;
        }
    }
}
