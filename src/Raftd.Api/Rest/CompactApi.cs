using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Rest.Docs;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/compact: gives up history before its time.</summary>
internal static class CompactApi
{
    public static void Map(IEndpointRouteBuilder rest) => rest.MapPost("/compact", CompactAsync)
        .WithTags("Operations")
        .WithSummary("Give up history below a revision")
        .WithDescription(
            "The revision itself stays readable. The cluster compacts by itself, by age and count, and as history needs room; "
            + "this is for those who want it gone now.")
        .WithTraits(RouteTraits.NeedsLeader | RouteTraits.HasRevision)
        .WithParameters(
            new(
                ParameterPlace.Query, "rev", "the lowest revision that can be read afterwards", ExampleRevision.Placeholder,
                Required: true),
            new(ParameterPlace.Query, "physical", "1: wait until this member's store has deleted it"))
        .AnswersJson(200, "done; `deleted` says whether the store has let go of it too", typeof(CompactView))
        .Refuses(400, "the revision is in the future")
        .Refuses(410, "compacted that far already");

    private static async ValueTask CompactAsync(RestCall call)
    {
        var revision = call.Query.Number("rev", 1, long.MaxValue)
            ?? ApiException.BadRequest<long>("`rev` is missing", "name the lowest revision to keep: POST /compact?rev=7");
        var answer = await call.Keyspace.Keys.CompactAsync(
            call.Caller,
            new CompactRequest { Revision = revision, AwaitDeletion = call.Query.Flag("physical") },
            CancellationToken.None);
        call.SetRevision(answer.Revision);
        await call.WriteJsonAsync(
            new CompactView(RestCall.Format(answer.Revision), RestCall.Format(answer.CompactRevision), answer.IsDeleted),
            ApiJson.Instance.CompactView);
    }
}
