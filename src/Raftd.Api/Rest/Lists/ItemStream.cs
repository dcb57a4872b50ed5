// An answer of any length, of items that are read while it is written: one JSON document, or one line for each item.
//
// Bounded memory: a step of keys, a piece of JSON, and one large value at a time, which is counted against the budget of
// answers and shared with all who read it. A reader that is slow is waited for, here and in nobody else's way, and cut off
// below the rate of large answers.
//
// What fails after the first byte cannot become an error answer. A stream of lines ends with a line that says what happened.
// Either kind ends without the end of its body, so that no client takes a part for the whole (CutShortException).

using System.Buffers;
using System.Text.Json;
using Raftd.Api.Http;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest.Lists;

internal sealed class ItemStream : ItemWriter
{
    /// <summary>What a stream holds beside large values: a step of keys with what is around them, and the JSON not sent yet.</summary>
    private const int HeldBytes = 2 * ListQuery.PageBytes;

    private readonly ByteBudget.Share? _share;

    /// <param name="call">Its answer.</param>
    /// <param name="isLong">More than a step of it will come.</param>
    /// <exception cref="ApiException">429: too many are under way.</exception>
    public ItemStream(RestCall call, bool isLong)
        : this(call, isLong, WantsLines(call))
    {
    }

    private ItemStream(RestCall call, bool isLong, bool isLines)
        : base(call)
    {
        IsLines = isLines;
        _share = isLong ? call.Services.Answers.Hold(HeldBytes) : null;
        call.CutOffSlowReader();
        call.SetContentType(IsLines ? ContentTypes.NdJson : ContentTypes.Json);
    }

    /// <summary>One document, whatever the client accepts.</summary>
    public static ItemStream Document(RestCall call) => new(call, isLong: true, isLines: false);

    /// <summary>One item in each line, and nothing around them.</summary>
    public bool IsLines { get; }

    /// <summary>Nothing that was written can be taken back.</summary>
    private bool HasSent => HasFlushed || Json.BytesCommitted > 0;

    /// <summary>Runs what writes to this stream. What it throws becomes an error answer while nothing has left the writer.</summary>
    public async ValueTask RunAsync(Func<ValueTask> write)
    {
        try
        {
            await write();
            Json.Flush();
            await Call.TryFlushAsync(FlushBytes);
        }
        catch (Exception failure) when (HasSent && ErrorOf(failure) is { } error)
        {
            await EndEarlyAsync(error);
            throw new CutShortException(error.Message, failure);
        }
        catch
        {
            if (HasSent)
            {
                Call.Context.Abort();
            }

            Json.Reset();
            throw;
        }
    }

    /// <summary>After each item.</summary>
    public async ValueTask EndItemAsync()
    {
        if (IsLines)
        {
            EndLine("\n"u8);
        }

        await FlushIfFullAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _share?.Dispose();
    }

    private static bool WantsLines(RestCall call) => call.Request.Headers.Accept.ToString()
        .Split(',')
        .Any(type => type.Split(';')[0].Trim().Equals(ContentTypes.NdJson, StringComparison.OrdinalIgnoreCase));

    private static ApiError? ErrorOf(Exception failure) => failure switch
    {
        StoreException refused => ApiError.From(refused),
        ApiException refused => refused.Error,
        _ => null,
    };

    private async ValueTask EndEarlyAsync(ApiError error)
    {
        if (IsLines)
        {
            // Between two items, unless a large value was on its way: then the line is in the middle of it.
            Json.Flush();
            Body.Write("\n"u8);
            Json.Reset();
            JsonSerializer.Serialize(Json, ErrorView.Of(error), ApiJson.Instance.ErrorView);
            Json.Flush();
            Body.Write("\n"u8);
        }
        else
        {
            Json.Flush();
        }

        await Call.TryFlushAsync(FlushBytes);
    }
}
