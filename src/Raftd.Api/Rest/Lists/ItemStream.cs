// An answer of any length, of items that are read while it is written: one JSON document, or one line for each item.
//
// Bounded memory: a step of keys, a piece of JSON, and one large value at a time, which is counted against the budget of
// answers and shared with all who read it. A reader that is slow is waited for, here and in nobody else's way, and cut off
// below the rate of large answers.
//
// What fails after the first byte cannot become an error answer. A stream of lines ends with a line that says what happened.
// Either kind ends without the end of its body, so that no client takes a part for the whole (CutShortException).

using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Raftd.Api.Http;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest.Lists;

internal sealed class ItemStream : IAsyncDisposable
{
    private const int FlushBytes = 64 * 1024;

    /// <summary>Of a value, between two looks at whether the reader takes any more. A multiple of three: base64 has no rest.</summary>
    private const int SegmentBytes = 12 * 1024;

    /// <summary>What a stream holds beside large values: a step of keys with what is around them, and the JSON not sent yet.</summary>
    private const int HeldBytes = 2 * ListQuery.PageBytes;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly RestCall _call;
    private readonly PipeWriter _body;
    private readonly ByteBudget.Share? _share;
    private bool _hasFlushed;
    private long _flushedBytes;

    /// <summary>Of the lines before this one.</summary>
    private long _earlierBytes;

    /// <param name="call">Its answer.</param>
    /// <param name="isLong">More than a step of it will come.</param>
    /// <exception cref="ApiException">429: too many are under way.</exception>
    public ItemStream(RestCall call, bool isLong)
    {
        _call = call;
        IsLines = WantsLines(call);
        _share = isLong ? call.Services.Answers.Hold(HeldBytes) : null;
        call.CutOffSlowReader();
        call.SetContentType(IsLines ? ContentTypes.NdJson : ContentTypes.Json);
        _body = call.Response.BodyWriter;
        Json = new Utf8JsonWriter(_body, WriterOptions);
    }

    /// <summary>One item in each line, and nothing around them.</summary>
    public bool IsLines { get; }

    public Utf8JsonWriter Json { get; }

    /// <summary>Nothing that was written can be taken back.</summary>
    private bool HasSent => _hasFlushed || Json.BytesCommitted > 0;

    /// <summary>Runs what writes to this stream. What it throws becomes an error answer while nothing has left the writer.</summary>
    public async ValueTask RunAsync(Func<ValueTask> write)
    {
        try
        {
            await write();
            Json.Flush();
            await _call.TryFlushAsync(FlushBytes);
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
                _call.Context.Abort();
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
            FlushJson();
            _body.Write("\n"u8);
            _earlierBytes += Json.BytesCommitted;
            Json.Reset();
        }

        await FlushIfFullAsync();
    }

    /// <summary>Text where the bytes are UTF-8, else base64; the field of the encoding's name is there only then.</summary>
    public void WriteBytes(string name, string encodingName, ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            Json.WriteString(name, bytes);
            return;
        }

        Json.WriteBase64String(name, bytes);
        Json.WriteString(encodingName, "base64"u8);
    }

    /// <summary>What there is to say of a version of a key, but for its name.</summary>
    /// <param name="item">With its value, where that is small.</param>
    /// <param name="revision">Where it was found; the value is looked for there if it was left out.</param>
    public async ValueTask WriteValueAsync(KeyValue item, long revision)
    {
        if (item.Value.Length == item.ValueBytes)
        {
            await WriteInPiecesAsync(item.Value);
            return;
        }

        using var shared = await _call.Services.Values.ReadAsync(_call.Caller, item.Key.ToArray(), item, revision);
        await WriteInPiecesAsync(await shared.Loaded);
    }

    public void WriteRevisions(KeyValue item)
    {
        Json.WriteString("create_revision", RestCall.Format(item.CreateRevision));
        Json.WriteString("mod_revision", RestCall.Format(item.ModRevision));
        Json.WriteString("version", RestCall.Format(item.Version));
        Json.WriteString("lease", RestCall.Format(item.Lease));
    }

    public async ValueTask DisposeAsync()
    {
        await Json.DisposeAsync();
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

    private async ValueTask WriteInPiecesAsync(ReadOnlyMemory<byte> value)
    {
        if (value.Length <= SegmentBytes)
        {
            WriteBytes("value", "encoding", value.Span);
            return;
        }

        var isText = Utf8.IsValid(value.Span);
        Json.WritePropertyName("value"u8);
        do
        {
            var segment = value[..Math.Min(SegmentBytes, value.Length)];
            value = value[segment.Length..];
            if (isText)
            {
                Json.WriteStringValueSegment(segment.Span, isFinalSegment: value.IsEmpty);
            }
            else
            {
                Json.WriteBase64StringSegment(segment.Span, isFinalSegment: value.IsEmpty);
            }

            await FlushIfFullAsync();
        }
        while (!value.IsEmpty);

        if (!isText)
        {
            Json.WriteString("encoding"u8, "base64"u8);
        }
    }

    private async ValueTask FlushIfFullAsync()
    {
        if (_earlierBytes + Json.BytesCommitted + Json.BytesPending - _flushedBytes < FlushBytes)
        {
            return;
        }

        FlushJson();
        _flushedBytes = _earlierBytes + Json.BytesCommitted;
        if (!await _call.TryFlushAsync(FlushBytes))
        {
            throw new OperationCanceledException("the reader has gone");
        }
    }

    private void FlushJson()
    {
        _hasFlushed = true;
        Json.Flush();
    }

    private async ValueTask EndEarlyAsync(ApiError error)
    {
        if (IsLines)
        {
            // Between two items, unless a large value was on its way: then the line is in the middle of it.
            Json.Flush();
            _body.Write("\n"u8);
            Json.Reset();
            JsonSerializer.Serialize(Json, ErrorView.Of(error), ApiJson.Instance.ErrorView);
            Json.Flush();
            _body.Write("\n"u8);
        }
        else
        {
            Json.Flush();
        }

        await _call.TryFlushAsync(FlushBytes);
    }
}
