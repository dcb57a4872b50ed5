// Items of the store as JSON, written while they are read, to a reader that may be slow.
//
// Bounded memory: a piece of JSON, and one large value at a time, which is counted against the budget of answers and shared with
// all who read it.

using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Raftd.Contract;

namespace Raftd.Api.Rest.Lists;

internal abstract class ItemWriter : IAsyncDisposable
{
    protected const int FlushBytes = 64 * 1024;

    /// <summary>Of a value, between two looks at whether the reader takes any more. A multiple of three: base64 has no rest.</summary>
    private const int SegmentBytes = 12 * 1024;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private long _flushedBytes;

    /// <summary>Of the lines before this one.</summary>
    private long _earlierBytes;

    protected ItemWriter(RestCall call)
    {
        Call = call;
        Body = call.Response.BodyWriter;
        Json = new Utf8JsonWriter(Body, WriterOptions);
    }

    public Utf8JsonWriter Json { get; }

    protected RestCall Call { get; }

    protected PipeWriter Body { get; }

    protected bool HasFlushed { get; private set; }

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

        using var shared = await Call.Keyspace.Values.ReadAsync(Call.Caller, item.Key.ToArray(), item, revision);
        await WriteInPiecesAsync(await shared.Loaded);
    }

    public void WriteRevisions(KeyValue item)
    {
        Json.WriteString("create_revision", RestCall.Format(item.CreateRevision));
        Json.WriteString("mod_revision", RestCall.Format(item.ModRevision));
        Json.WriteString("version", RestCall.Format(item.Version));
        Json.WriteString("lease", RestCall.Format(item.Lease));
    }

    public virtual ValueTask DisposeAsync() => Json.DisposeAsync();

    protected async ValueTask FlushIfFullAsync()
    {
        if (_earlierBytes + Json.BytesCommitted + Json.BytesPending - _flushedBytes < FlushBytes)
        {
            return;
        }

        FlushJson();
        _flushedBytes = _earlierBytes + Json.BytesCommitted;
        await SendAsync();
    }

    protected void FlushJson()
    {
        HasFlushed = true;
        Json.Flush();
    }

    /// <summary>Behind a whole value of JSON: the next begins behind this text.</summary>
    protected void EndLine(ReadOnlySpan<byte> end)
    {
        FlushJson();
        Body.Write(end);
        _earlierBytes += Json.BytesCommitted;
        Json.Reset();
    }

    /// <summary>Waits until the reader has taken most of what is written.</summary>
    /// <exception cref="OperationCanceledException">It has gone.</exception>
    protected virtual async ValueTask SendAsync()
    {
        if (!await Call.TryFlushAsync(FlushBytes))
        {
            throw new OperationCanceledException("the reader has gone");
        }
    }

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
}
