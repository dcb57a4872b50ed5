using Raftd.Api.Rest.Lists;

namespace Raftd.Api.Rest.Watches;

/// <summary>The answer to `once=1`: what there is to say next, as one document of JSON.</summary>
internal static class WatchBatch
{
    public static async ValueTask AnswerAsync(RestCall call, WatchFeed feed, TimeSpan wait, CancellationToken ended)
    {
        var news = await WaitAsync(call.Services, feed, wait, ended);
        var bytes = news.Sum(static one => one.InlineBytes);
        using var share = bytes > RaftdApi.AnswerPieceBytes ? call.Services.Answers.Hold(bytes) : null;
        await using var stream = ItemStream.Document(call);
        await stream.RunAsync(() => WriteAsync(stream, news, feed.Place));
    }

    /// <returns>Nothing where nothing has come in time.</returns>
    private static async ValueTask<IReadOnlyList<WatchNews>> WaitAsync(
        ApiServices services, WatchFeed feed, TimeSpan wait, CancellationToken ended)
    {
        using var time = new CancellationTokenSource(wait, services.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, ended);
        try
        {
            return await feed.NextAsync(either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return [];
        }
    }

    private static async ValueTask WriteAsync(ItemStream stream, IReadOnlyList<WatchNews> batch, WatchPlace? place)
    {
        stream.Json.WriteStartObject();
        stream.Json.WriteStartArray("events"u8);
        foreach (var news in batch)
        {
            stream.Json.WriteStartObject();
            stream.Json.WriteString("event"u8, news.Event);
            if (news.Place is not null)
            {
                stream.Json.WriteString("id"u8, news.Place.ToString());
            }

            stream.Json.WritePropertyName("data"u8);
            await NewsJson.WriteAsync(stream, news);
            stream.Json.WriteEndObject();
            await stream.EndItemAsync();
        }

        stream.Json.WriteEndArray();
        stream.Json.WriteString("id"u8, place?.ToString());
        stream.Json.WriteEndObject();
    }
}
