using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Raftd.Contract;

namespace Raftd.Api.Rest.Routing;

/// <summary>Makes answers of what went wrong: here alone.</summary>
internal sealed class RestErrors(ApiServices services)
{
    public async ValueTask AnswerFailureAsync(RestCall call, Exception exception)
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
            var where = call.Route == RestRoute.None ? call.Request.Path.ToString() : call.Route.Template;

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

    public async ValueTask AnswerAsync(RestCall call, ApiError error)
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
                revision.Count > 0 ? revision : RestCall.Format(call.Keyspace.Cluster.Revision);
        }

        if (error.Status is StatusCodes.Status408RequestTimeout or StatusCodes.Status413PayloadTooLarge)
        {
            CloseAfterAnswer(call);
        }

        CloseIfBodyWasNotAskedFor(call);
        await call.WriteErrorAsync(error);
    }

    public ValueTask RefuseMethodAsync(RestCall call, string allow)
    {
        call.Response.OnStarting(() =>
        {
            call.Response.Headers.Allow = allow;
            return Task.CompletedTask;
        });
        return AnswerAsync(call, ApiError.MethodNotAllowed(call.Request.Method, allow));
    }

    /// <summary>A client that waits for `100 Continue` and gets a final answer sends no body: where the next request on
    /// the connection would begin is then a matter of opinion, so there is none (RFC 9110, 10.1.1).</summary>
    public static void CloseIfBodyWasNotAskedFor(RestCall call)
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
}
