using Raftd.Api.Rest.Lists;
using Raftd.Contract;

namespace Raftd.Api.Rest.Watches;

/// <summary>The JSON of one thing that a watch says, the same in an event and in an answer of one batch.</summary>
internal static class NewsJson
{
    /// <param name="writer">In the middle of a line or of a document.</param>
    /// <param name="news">Its item has its value, or is written in the moment in which that is read.</param>
    public static async ValueTask WriteAsync(ItemWriter writer, WatchNews news)
    {
        writer.Json.WriteStartObject();
        if (news.Item is { } item)
        {
            await WriteItemAsync(writer, news, item);
        }
        else
        {
            writer.Json.WriteString("revision"u8, RestCall.Format(news.Revision));
        }

        writer.Json.WriteEndObject();
    }

    private static async ValueTask WriteItemAsync(ItemWriter writer, WatchNews news, KeyValue item)
    {
        writer.WriteBytes("key", "key_encoding", item.Key.Span);
        if (news.Event == WatchNews.Delete)
        {
            writer.Json.WriteString("mod_revision"u8, RestCall.Format(item.ModRevision));
        }
        else
        {
            await WriteVersionAsync(writer, item, news.Revision);
        }

        if (news.Previous is { } previous)
        {
            writer.Json.WriteStartObject("prev"u8);
            await WriteVersionAsync(writer, previous, previous.ModRevision);
            writer.Json.WriteEndObject();
        }
    }

    private static async ValueTask WriteVersionAsync(ItemWriter writer, KeyValue item, long revision)
    {
        await writer.WriteValueAsync(item, revision);
        writer.WriteRevisions(item);
    }
}
