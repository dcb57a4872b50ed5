using Microsoft.AspNetCore.Http;
using Raftd.Api.Rest.Docs;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/compact: gives up history before its time.</summary>
internal static class CompactApi
{
    public static IEnumerable<RestRoute> Routes =>
    [
        new(HttpMethods.Post, "/compact", CompactAsync)
        {
            Tag = "Operations",
            Summary = "Give up history below a revision",
            Description = "The revision itself stays readable. The cluster compacts by itself, by age and count, and as "
                + "history needs room; this is for those who want it gone now.",
            NeedsLeader = true,
            HasRevision = true,
            Parameters =
            [
                new(
                    ParameterPlace.Query, "rev", "the lowest revision that can be read afterwards", ExampleRevision.Placeholder,
                    Required: true),
                new(ParameterPlace.Query, "physical", "1: wait until this member's store has deleted it"),
            ],
            Answers =
            [
                new(200, "done; `deleted` says whether the store has let go of it too", ContentTypes.Json, typeof(CompactView)),
                new(400, "the revision is in the future", ContentTypes.Json, typeof(ErrorView)),
                new(410, "compacted that far already", ContentTypes.Json, typeof(ErrorView)),
            ],
        },
    ];

    private static async ValueTask CompactAsync(RestCall call)
    {
        var revision = call.Query.Number("rev", 1, long.MaxValue)
            ?? ApiException.BadRequest<long>("`rev` is missing", "name the lowest revision to keep: POST /compact?rev=7");
        var answer = await call.Services.Keys.CompactAsync(
            new CompactRequest { Revision = revision, AwaitDeletion = call.Query.Flag("physical") }, CancellationToken.None);
        call.SetRevision(answer.Revision);
        await call.WriteJsonAsync(
            new CompactView(RestCall.Format(answer.Revision), RestCall.Format(answer.CompactRevision), answer.IsDeleted),
            ApiJson.Instance.CompactView);
    }
}
