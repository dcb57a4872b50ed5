// Server-Sent Events, as the HTML standard has them: lines of fields, and an empty line behind each event. An event whose empty line
// has not come is none, so this answer may end anywhere, and its client comes back with the last id that it has.
//
// A reader that takes nothing keeps what is under way in memory: one page or message, and up to 64 KiB of JSON. That has its time,
// by its size (Patience), and then the reader is cut off. Between two events there is no such time, and none of Kestrel's, which
// counts while a write waits.

using System.Buffers;
using System.Text;
using Raftd.Api.Http;
using Raftd.Api.Rest.Lists;

namespace Raftd.Api.Rest.Watches;

internal sealed class EventStream(RestCall call) : ItemWriter(call)
{
    public const string ContentType = "text/event-stream";

    /// <summary>What a field of JSON may have more than the bytes in it: base64 has a third, escaped text more.</summary>
    private const int BytesOnTheWire = 2;

    private WatchPlace? _toldPlace;
    private Patience? _patience;

    /// <summary>Says when to come back, and from where if nothing has happened by then.</summary>
    public ValueTask BeginAsync(WatchPlace? place)
    {
        Write("retry: 1000\n");
        WritePlace(place);
        Write("\n");
        return SendNowAsync();
    }

    /// <summary>A comment, which the client overlooks, and which tells proxies and both ends that the connection lives.</summary>
    public ValueTask WriteCommentAsync(string text)
    {
        Write($": {text.ReplaceLineEndings(" ")}\n\n");
        return SendNowAsync();
    }

    public async ValueTask WriteAsync(IReadOnlyList<WatchNews> batch)
    {
        var bytes = batch.Sum(static news => news.InlineBytes);
        using var share = bytes > RaftdApi.AnswerPieceBytes ? Call.Services.Answers.Hold(bytes) : null;
        using var patience = PatienceFor(bytes);
        foreach (var news in batch)
        {
            _patience = patience;
            await WriteAsync(news);
        }

        _patience = patience;
        await SendAsync();
    }

    /// <remarks>A client that goes is found out here or by the token that ends waits.</remarks>
    protected override async ValueTask SendAsync()
    {
        try
        {
            if (await Call.TryFlushAsync(_patience))
            {
                return;
            }
        }
        catch (OperationCanceledException) when (Call.Services.Stopping.IsCancellationRequested)
        {
            // The reader is slow, and this member does not wait for it.
            Call.Context.Abort();
        }

        throw new OperationCanceledException("the reader has gone");
    }

    private async ValueTask SendNowAsync()
    {
        using var patience = PatienceFor(0);
        _patience = patience;
        await SendAsync();
    }

    private Patience PatienceFor(long bytes) => new(BytesOnTheWire * bytes, Call.Services, Call.Services.Stopping);

    private async ValueTask WriteAsync(WatchNews news)
    {
        if (!news.LacksValue)
        {
            await WriteWholeAsync(news);
            return;
        }

        // Before the event begins: the version may be compacted by now.
        var item = news.Item!;
        using var shared = await Call.Keyspace.Values.ReadAsync(Call.Caller, item.Key.ToArray(), item, news.Revision);
        using var patience = PatienceFor(item.ValueBytes);
        _patience = patience;
        await WriteWholeAsync(news with { Item = item with { Value = await shared.Loaded } });
    }

    private async ValueTask WriteWholeAsync(WatchNews news)
    {
        if (news.Event is null)
        {
            WritePlace(news.Place);
            Write("\n");
            return;
        }

        Write($"event: {news.Event}\n");
        WritePlace(news.Place);
        Write("data: ");
        await NewsJson.WriteAsync(this, news);
        EndLine("\n\n"u8);
        await FlushIfFullAsync();
    }

    private void WritePlace(WatchPlace? place)
    {
        if (place is not null && place != _toldPlace)
        {
            Write($"id: {place}\n");
            _toldPlace = place;
        }
    }

    /// <summary>Between two values of JSON: the writer of those holds nothing then.</summary>
    private void Write(string text) => Body.Write(Encoding.UTF8.GetBytes(text));
}
