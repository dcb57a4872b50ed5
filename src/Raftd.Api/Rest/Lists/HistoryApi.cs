using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest.Lists;

/// <summary>/history/{key}: what a key was.</summary>
internal static class HistoryApi
{
    public static void Map(IEndpointRouteBuilder rest) => rest.MapGroup("/history/{**key}")
        .WithTags("Keys")
        .WithTraits(RouteTraits.NeedsLeader | RouteTraits.HasRevision)
        .MapGet("", AnswerAsync)
        .WithSummary("Every version of a key that is kept, the newest first, deletions included")
        .WithDescription("As JSON, or with `Accept: application/x-ndjson` one version in each line. Compaction ends it.")
        .WithParameters(
            new(ParameterPlace.Path, "key", "the key", "test/a", Required: true),
            CommonParameters.Key64,
            new(ParameterPlace.Query, "from", "versions up to this revision; the newest if it is not given"),
            new(ParameterPlace.Query, "limit", "at most so many versions"),
            CommonParameters.Level)
        .AnswersJson(200, "the versions", typeof(HistoryView))
        .Refuses(404, "no version of the key is kept");

    private static async ValueTask AnswerAsync(RestCall call)
    {
        var from = call.Query.Number("from", 1, long.MaxValue);
        var limit = call.Query.Number("limit", 1, long.MaxValue) ?? long.MaxValue;
        var request = new VersionPageRequest
        {
            Key = call.Key(),
            From = from is { } revision ? VersionId.LastOf(revision) : null,
            Level = call.Level(),
            MaxValueBytes = ListQuery.InlineBytes,
            MaxItems = (int)Math.Min(limit, ListQuery.PageItems),
            MaxBytes = ListQuery.PageBytes,
        };
        var page = await call.Keyspace.Lists.VersionsAsync(call.Caller, request, CancellationToken.None);
        call.SetRevision(page.Revision);
        if (page.Items.Count == 0)
        {
            throw new ApiException(ApiError.NotFound("no version of that key is kept", "it never was, or compaction took it"));
        }

        await using var stream = new ItemStream(call, isLong: page.Next is not null);
        if (!call.IsHead)
        {
            await stream.RunAsync(() => WriteAsync(call, stream, request, page, limit));
        }
    }

    private static async ValueTask WriteAsync(RestCall call, ItemStream stream, VersionPageRequest request, VersionPage page, long limit)
    {
        if (!stream.IsLines)
        {
            stream.Json.WriteStartObject();
            stream.Json.WriteString("revision", RestCall.Format(page.Revision));
            stream.WriteBytes("key", "key_encoding", request.Key.Span);
            stream.Json.WriteStartArray("items");
        }

        while (true)
        {
            foreach (var item in page.Items)
            {
                await WriteItemAsync(stream, item);
            }

            limit -= page.Items.Count;
            if (page.Next is null || limit == 0)
            {
                break;
            }

            call.ClientGone.ThrowIfCancellationRequested();
            request = request with { From = page.Next, Level = ReadLevel.Stale, MaxItems = (int)Math.Min(limit, ListQuery.PageItems) };
            page = await call.Keyspace.Lists.VersionsAsync(call.Caller, request, CancellationToken.None);
        }

        if (!stream.IsLines)
        {
            stream.Json.WriteEndArray();
            stream.Json.WriteBoolean("more", page.Next is not null);
            stream.Json.WriteEndObject();
        }
    }

    private static async ValueTask WriteItemAsync(ItemStream stream, HistoryItem item)
    {
        var version = item.Version;
        stream.Json.WriteStartObject();
        if (item.IsDeletion)
        {
            stream.Json.WriteBoolean("deleted", true);
            stream.Json.WriteString("mod_revision", RestCall.Format(version.ModRevision));
        }
        else
        {
            await stream.WriteValueAsync(version, version.ModRevision);
            stream.WriteRevisions(version);
        }

        stream.Json.WriteEndObject();
        await stream.EndItemAsync();
    }
}
