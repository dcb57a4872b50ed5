using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/buckets: keyspaces beside each other.</summary>
internal sealed class BucketApi(ApiServices services)
{
    private static readonly ApiParameter NameParameter =
        new(ParameterPlace.Path, "name", BucketNames.Wanted, "playground", Required: true);

    public void Map(IEndpointRouteBuilder rest)
    {
        var buckets = rest.MapGroup("/buckets").WithTags("Buckets").WithTraits(RouteTraits.OfServer);
        buckets.MapGet("", ListAsync)
            .WithSummary("The buckets there are")
            .AnswersJson(200, "the buckets, by name", typeof(BucketListView));
        buckets.MapPut("/{name}", AddAsync)
            .WithSummary("Make a bucket")
            .WithDescription("A keyspace of its own, with its own revisions, leases and watches: `/b/{name}/key/a`.")
            .WithParameters(NameParameter)
            .AnswersJson(200, "it was there", typeof(BucketView))
            .AnswersJson(201, "it was made", typeof(BucketView))
            .Refuses(409, "there can be no more of them, or this engine has the bucket `default` alone");
        buckets.MapDelete("/{name}", RemoveAsync)
            .WithSummary("Remove a bucket with all that is in it")
            .WithDescription("Its watches and leases end. What was in it is deleted step by step behind the answer.")
            .WithParameters(NameParameter, new(ParameterPlace.Query, "force", "1: also if it has keys or leases"))
            .Answers(200, "removed")
            .Refuses(404, "no such bucket")
            .Refuses(409, "it has keys or leases, or is the bucket `default`");
    }

    private async ValueTask ListAsync(RestCall call)
    {
        var buckets = await services.Buckets.ListAsync(call.Caller, call.ClientGone);
        await call.WriteJsonAsync(new BucketListView([.. buckets.Select(BucketView.Of)]), ApiJson.Instance.BucketListView);
    }

    private async ValueTask AddAsync(RestCall call)
    {
        var (bucket, isNew) = await services.Buckets.AddAsync(call.Caller, NameOf(call), CancellationToken.None);
        var status = isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        if (isNew)
        {
            call.Response.Headers.Location = $"/b/{bucket.Name}/";
        }

        await call.WriteJsonAsync(BucketView.Of(bucket), ApiJson.Instance.BucketView, status);
    }

    private async ValueTask RemoveAsync(RestCall call)
    {
        await services.Buckets.RemoveAsync(call.Caller, NameOf(call), call.Query.Flag("force"), CancellationToken.None);
        await call.WriteEmptyAsync();
    }

    private static string NameOf(RestCall call)
    {
        var name = call.ParameterText();
        return BucketNames.Problem(name) is { } problem ? ApiException.BadRequest<string>(problem) : name;
    }
}
