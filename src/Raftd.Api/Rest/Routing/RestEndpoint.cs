using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Raftd.Api.Http;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Lists;

namespace Raftd.Api.Rest.Routing;

/// <summary>An endpoint's request delegate: raw target → typed call → handler → answer, errors included.</summary>
internal sealed class RestEndpoint(
    RestRoute route, RestHandler? handler, RouteTable table, RestErrors errors, ApiServices services)
{
    /// <summary>Takes the place of what was mapped, once all metadata of groups is there.</summary>
    public static void Complete(RouteEndpointBuilder builder, RouteTable table, RestErrors errors, ApiServices services)
    {
        var route = RestRoute.Of(builder);
        var handler = builder.Metadata.OfType<RestHandler>().SingleOrDefault();
        builder.Metadata.Add(route);
        builder.DisplayName = route.ToString();
        builder.RequestDelegate = new RestEndpoint(route, handler, table, errors, services).InvokeAsync;

        // The pinned path: routing then makes no dictionary of route values for each request to a key (160 bytes). The document
        // has the template (RestDescriptions).
        builder.RoutePattern = RoutePatternFactory.Parse(RouteTable.PathOf(builder.RoutePattern));
    }

    public Task InvokeAsync(HttpContext context)
    {
        var target = RawTarget.Split(RawTarget.Of(context));
        return target.HasBucket
            ? InvokeInBucketAsync(context, target.Bucket.ToString())
            : InvokeAsync(context, services.Keyspaces.Default);
    }

    private async Task InvokeInBucketAsync(HttpContext context, string bucket)
    {
        Keyspace keyspace;
        try
        {
            keyspace = route.IsOfServer
                ? throw new ApiException(ApiError.NotFound("no bucket stands before this path", $"ask without /b/{bucket}"))
                : await services.Keyspaces.FindAsync(bucket, context.RequestAborted);
        }
        catch (Exception failure)
        {
            // Not of this route: a bucket that is not there has no revision to tell.
            var nowhere = new RestCall(context, RestRoute.None, services, services.Keyspaces.Default, [], Fields.None);
            await errors.AnswerFailureAsync(nowhere, failure);
            return;
        }

        await InvokeAsync(context, keyspace);
    }

    private Task InvokeAsync(HttpContext context, Keyspace keyspace)
    {
        if (handler is null || !route.Takes(context.Request.Method))
        {
            return errors.RefuseMethodAsync(CallWithoutFields(context, keyspace), table.AllowedOn(route)).AsTask();
        }

        RestCall call;
        try
        {
            call = Bind(context, keyspace);
        }
        catch (ApiException refusal)
        {
            return errors.AnswerAsync(CallWithoutFields(context, keyspace), refusal.Error).AsTask();
        }

        return RunAsync(call, handler);
    }

    private RestCall Bind(HttpContext context, Keyspace keyspace)
    {
        var target = RawTarget.Split(RawTarget.Of(context));
        var parameter = PercentEncoding.Decode(route.ParameterOf(target.Path));
        if (parameter is null)
        {
            ApiException.BadRequest("malformed percent-encoding in the path", PercentEncoding.Hint);
        }

        if (parameter.Contains((byte)0))
        {
            // In origin form Kestrel refuses it before us; absolute form must not be a way around that.
            ApiException.BadRequest("a NUL byte cannot stand in a path", "name the key as ?key64=");
        }

        var query = Fields.FromQuery(target.Query);
        query.AllowOnly(route.QueryNames, "query parameter");
        return new RestCall(context, route, services, keyspace, parameter, query);
    }

    private RestCall CallWithoutFields(HttpContext context, Keyspace keyspace) =>
        new(context, route, services, keyspace, [], Fields.None);

    private async Task RunAsync(RestCall call, RestHandler handler)
    {
        try
        {
            if (route.NeedsLeader && WantsRedirect(call))
            {
                Redirect(call);
            }
            else
            {
                await handler(call);
            }

            RestErrors.CloseIfBodyWasNotAskedFor(call);
        }
        catch (Exception exception) when (exception is not CutShortException)
        {
            await errors.AnswerFailureAsync(call, exception);
        }
    }

    private bool WantsRedirect(RestCall call)
    {
        var redirect = call.Query.TryFlag("redirect") ?? services.Options.RedirectByDefault;

        // A stale read is a question to this member.
        return redirect && !call.Keyspace.Cluster.IsLeader && call.Query.Text("level") != "stale";
    }

    private void Redirect(RestCall call)
    {
        if (call.Keyspace.Cluster.LeaderUrl is not { } leader)
        {
            throw new ApiException(ApiError.NoLeader());
        }

        if (route.HasRevision)
        {
            call.SetRevision(call.Keyspace.Cluster.Revision);
        }

        var target = RawTarget.WithoutAuthority(RawTarget.Of(call.Context));
        call.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        call.Response.Headers.Location = string.Concat(leader.TrimEnd('/'), target);
        call.Response.ContentLength = 0;
    }
}
