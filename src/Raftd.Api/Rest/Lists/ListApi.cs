using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Views;

namespace Raftd.Api.Rest.Lists;

/// <summary>/keys: many keys at once.</summary>
internal static class ListApi
{
    public static void Map(IEndpointRouteBuilder rest)
    {
        var keys = rest.MapGroup("/keys/{**prefix}")
            .WithTags("Keys")
            .WithTraits(RouteTraits.NeedsLeader | RouteTraits.HasRevision);
        DescribeList(keys.MapGet("", ListAsync));
    }

    private static void DescribeList(RouteHandlerBuilder list) => list
        .WithSummary("The keys under a prefix or in a range, with their values, all at one revision")
        .WithDescription(
            "As JSON, or with `Accept: application/x-ndjson` one item in each line. Both are written while they are read: a list "
            + "may be of any length.")
        .WithParameters(
            new(ParameterPlace.Path, "prefix", "keys that start with this; all if it is empty", "test/", Required: true),
            new(ParameterPlace.Query, "prefix", "the same, in the query"),
            new(ParameterPlace.Query, "prefix64", "the same as base64url, for bytes that no path can carry"),
            new(ParameterPlace.Query, "start", "the first key; `start64` for bytes"),
            new(ParameterPlace.Query, "start64", "as `start`"),
            new(ParameterPlace.Query, "end", "the first key that is not answered any more; `end64` for bytes"),
            new(ParameterPlace.Query, "end64", "as `end`"),
            new(ParameterPlace.Query, "limit", "at most so many items, and a cursor for the next ones"),
            new(ParameterPlace.Query, "cursor", "as an answer had it: the next items, at the same revision"),
            new(ParameterPlace.Query, "keys_only", "1: without values"),
            new(ParameterPlace.Query, "count_only", "1: only how many there are"),
            new(ParameterPlace.Query, "delimiter", "as `/`: keys that have it behind the prefix are folded into folders"),
            new(ParameterPlace.Query, "rev", "the keys as they were at this revision"),
            new(ParameterPlace.Query, "sort", "`key`, or `-key` for the highest key first"),
            CommonParameters.Level)
        .AnswersJson(200, "the keys", typeof(KeyListView))
        .Refuses(410, "that revision, or the cursor's, has been compacted away");

    private static ValueTask ListAsync(RestCall call)
    {
        var query = new ListQuery(call);
        return query.CountOnly ? CountAsync(call, query) : ItemsAsync(call, query);
    }

    private static async ValueTask CountAsync(RestCall call, ListQuery query)
    {
        var answer = await call.Keyspace.Keys.RangeAsync(call.Caller, query.CountRequest(), CancellationToken.None);
        call.SetRevision(answer.Revision);
        var revision = query.Revision == 0 ? answer.Revision : query.Revision;
        await call.WriteJsonAsync(
            new KeyListView(RestCall.Format(revision), answer.Count, [], More: answer.Count > 0, Cursor: null),
            ApiJson.Instance.KeyListView);
    }

    private static async ValueTask ItemsAsync(RestCall call, ListQuery query)
    {
        var walk = await ListWalk.BeginAsync(call, query);
        call.SetRevision(walk.Page.Revision);
        await using var stream = new ItemStream(call, isLong: walk.Page.Next is not null);
        if (!call.IsHead)
        {
            await stream.RunAsync(() => WriteAsync(stream, walk, query));
        }
    }

    private static async ValueTask WriteAsync(ItemStream stream, ListWalk walk, ListQuery query)
    {
        if (!stream.IsLines)
        {
            stream.Json.WriteStartObject();
            stream.Json.WriteString("revision", RestCall.Format(walk.Revision));
            stream.Json.WriteNumber("count", walk.Count);
            stream.Json.WriteStartArray("items");
        }

        ListItem? last = null;
        for (var count = 0L; count < query.Limit && await walk.NextAsync() is { } item; count++)
        {
            await WriteItemAsync(stream, item, walk.Revision, query.KeysOnly);
            last = item;
        }

        var next = last is null ? null : await walk.PeekAsync();
        var cursor = next is null ? null : query.CursorBehind(last!, next, walk.Revision, walk.Count);
        if (!stream.IsLines)
        {
            stream.Json.WriteEndArray();
            WriteEnd(stream, cursor);
            stream.Json.WriteEndObject();
        }
        else if (cursor is not null)
        {
            stream.Json.WriteStartObject();
            WriteEnd(stream, cursor);
            stream.Json.WriteEndObject();
            await stream.EndItemAsync();
        }
    }

    private static void WriteEnd(ItemStream stream, string? cursor)
    {
        stream.Json.WriteBoolean("more", cursor is not null);
        if (cursor is not null)
        {
            stream.Json.WriteString("cursor", cursor);
        }
    }

    private static async ValueTask WriteItemAsync(ItemStream stream, ListItem item, long revision, bool keysOnly)
    {
        stream.Json.WriteStartObject();
        if (item.Key is not { } key)
        {
            stream.WriteBytes("folder", "folder_encoding", item.Name.Span);
            stream.Json.WriteNumber("count", item.Count);
            stream.Json.WriteNumber("bytes", item.Bytes);
        }
        else
        {
            stream.WriteBytes("key", "key_encoding", key.Key.Span);
            if (!keysOnly)
            {
                await stream.WriteValueAsync(key, revision);
            }

            stream.WriteRevisions(key);
        }

        stream.Json.WriteEndObject();
        await stream.EndItemAsync();
    }
}
