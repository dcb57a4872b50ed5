// The messages of a JSON call. A unary call's body is read whole, as REST does it; a stream's messages stand one behind the
// other in the body, and each is taken when it is whole. What follows the only message of a unary call is overlooked.

using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Raftd.Api.Etcd;
using Raftd.Api.Etcd.Codecs;
using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Api.Json;

internal sealed class JsonCall(HttpContext context, ApiServices services) : EtcdCall(context, services)
{
    private const string MetadataPrefix = "Grpc-Metadata-";

    // As much as a range may answer: 256 MiB.
    private const long MaxJoinedBytes = 256 << 20;

    private HeldBytes _held;
    private RequestBody? _body;

    /// <summary>Base64 takes four for three, and names, blanks and escapes take some more.</summary>
    private long MaxTextBytes => 2L * Services.Options.MaxMessageBytes;

    /// <exception cref="EtcdException">The call's headers do not fit.</exception>
    /// <exception cref="StoreException">There is no such bucket.</exception>
    public ValueTask BeginAsync(EtcdMethod method, string? bucket) =>
        BeginAsync(method, TimeoutOf(Context.Request.Headers.GrpcTimeout.ToString()), bucket);

    public override string? Metadata(string name) =>
        Context.Request.Headers.TryGetValue(MetadataPrefix + name, out var value) ? value.ToString() : null;

    public override async ValueTask<T> ReadOneAsync<T>()
    {
        _body = await RequestBody.ReadAsync(Context, MaxTextBytes, "the longest message", Services);
        return ReadFirst<T>(_body.Bytes.Span) ?? new T();
    }

    public override async ValueTask<T?> ReadAsync<T>()
        where T : class
    {
        Release();
        Patience? patience = null;
        var reader = Context.Request.BodyReader;
        try
        {
            while (true)
            {
                var result = reader.TryRead(out var arrived) ? arrived : await reader.ReadAsync(patience?.Token ?? Waiting);
                if (TryTake<T>(reader, result, out var message) || result.IsCompleted)
                {
                    return message;
                }

                patience ??= result.Buffer.IsEmpty ? null : PatienceFor(MaxTextBytes);
            }
        }
        catch (OperationCanceledException) when (patience is { IsOver: true })
        {
            throw TooSlow();
        }
        finally
        {
            patience?.Dispose();
        }
    }

    public override async ValueTask<TValue?> ReadAsync<T, TValue>(EncodedReader<TValue> read) =>
        await ReadAsync<T>() is { } message ? read(new ProtoReader(message.ToByteArray())) : null;

    public override async ValueTask<ReadOnlyMemory<byte>> ReadOneEncodedAsync<T>() => (await ReadOneAsync<T>()).ToByteArray();

    public override async ValueTask AnswerAsync<T, TAnswer>(TAnswer answer)
    {
        using var share = Hold(answer.Bytes);
        await AnswerAsync(Decode<T, TAnswer>(answer));
    }

    public override async ValueTask WriteAsync<T, TAnswer>(TAnswer answer)
    {
        using var share = Hold(answer.Bytes);
        await WriteAsync(Decode<T, TAnswer>(answer));
    }

    public override async ValueTask AnswerAsync(IMessage message)
    {
        var bytes = TextBytes(message.CalculateSize());
        using var share = Hold(bytes);
        var text = new ArrayBufferWriter<byte>();
        JsonWriting.Write(message, text);
        JsonEndpoint.SetContentType(Context.Response);
        Context.Response.ContentLength = text.WrittenCount;
        Context.Response.BodyWriter.Write(text.WrittenSpan);
        await FlushAsync(bytes);
    }

    /// <summary>One line.</summary>
    public override async ValueTask WriteAsync(IMessage message)
    {
        var bytes = TextBytes(message.CalculateSize());
        using var share = Hold(bytes);
        await WriteLineAsync(message, bytes);
    }

    /// <summary>Put together in memory, within the budget of answers: the text of a line has no parts.</summary>
    public override async ValueTask WriteJoinedAsync<T, TAnswer>(Func<IEnumerable<TAnswer>> parts)
    {
        var bytes = TextBytes(await CountAsync(parts(), MaxJoinedBytes));
        using var share = Hold(bytes);
        var whole = new T();
        foreach (var part in parts())
        {
            Merge(whole, part);
        }

        await WriteLineAsync(whole, bytes);
    }

    private async ValueTask WriteLineAsync(IMessage message, long bytes)
    {
        var writer = Context.Response.BodyWriter;
        if (!Context.Response.HasStarted)
        {
            JsonEndpoint.SetContentType(Context.Response);
        }

        writer.Write("{\"result\":"u8);
        JsonWriting.Write(message, writer);
        writer.Write("}\n"u8);
        await FlushAsync(bytes);
    }

    protected override void Release()
    {
        _held.Release();
        _body?.Dispose();
        _body = null;
    }

    private static TimeSpan? TimeoutOf(string text) => text.Length == 0 ? null
        : CallTimeout.TryParse(text, out var timeout) ? timeout
        : throw new EtcdException(EtcdStatus.Wrong($"invalid grpc-timeout: {text}"));

    /// <returns>Null for nothing but blanks.</returns>
    private T? ReadFirst<T>(ReadOnlySpan<byte> text)
        where T : class, IMessage, new()
    {
        text = text.TrimStart(" \t\r\n"u8);
        if (text.IsEmpty)
        {
            return null;
        }

        var reader = new Utf8JsonReader(text, JsonReading.Options);
        return Parse<T>(ref reader);
    }

    private bool TryTake<T>(PipeReader reader, ReadResult result, out T? message)
        where T : class, IMessage, new()
    {
        var buffer = WithoutBlanks(result.Buffer);
        var (consumed, examined) = (buffer.Start, buffer.End);
        message = null;
        try
        {
            if (buffer.IsEmpty || !HasWhole(buffer, result.IsCompleted))
            {
                RequireBelowLimit(buffer.Length);
                return false;
            }

            var json = new Utf8JsonReader(buffer, result.IsCompleted, new JsonReaderState(JsonReading.Options));
            message = Parse<T>(ref json);
            consumed = examined = buffer.GetPosition(json.BytesConsumed);
            return true;
        }
        finally
        {
            reader.AdvanceTo(consumed, examined);
        }
    }

    private static bool HasWhole(ReadOnlySequence<byte> buffer, bool isCompleted)
    {
        var json = new Utf8JsonReader(buffer, isCompleted, new JsonReaderState(JsonReading.Options));
        try
        {
            return json.Read() && json.TrySkip() && (isCompleted || json.TokenType != JsonTokenType.Number);
        }
        catch (JsonException malformed)
        {
            throw Malformed(malformed);
        }
    }

    private void RequireBelowLimit(long bytes)
    {
        if (bytes > MaxTextBytes)
        {
            EtcdStatus.MessageTooLarge(bytes, Services.Options.MaxMessageBytes).Throw();
        }

        _held.Count(bytes, Services);
    }

    private T Parse<T>(ref Utf8JsonReader reader)
        where T : class, IMessage, new()
    {
        try
        {
            using var json = JsonDocument.ParseValue(ref reader);
            var message = JsonReading.Read<T>(json.RootElement);
            var bytes = message.CalculateSize();
            return bytes <= Services.Options.MaxMessageBytes
                ? message
                : throw new EtcdException(EtcdStatus.MessageTooLarge(bytes, Services.Options.MaxMessageBytes));
        }
        catch (JsonException malformed)
        {
            throw Malformed(malformed);
        }
    }

    private static T Decode<T, TAnswer>(TAnswer answer)
        where T : class, IMessage, new()
        where TAnswer : struct, IEncodedAnswer
    {
        var message = new T();
        Merge(message, answer);
        return message;
    }

    private static void Merge<TAnswer>(IMessage message, TAnswer answer)
        where TAnswer : struct, IEncodedAnswer
    {
        var encoded = new ArrayBufferWriter<byte>();
        ProtoWriter.Write(encoded, answer, answer.Bytes);
        message.MergeFrom(encoded.WrittenSpan);
    }

    private static EtcdException Malformed(JsonException malformed) => new(EtcdStatus.Wrong($"json: {malformed.Message}"));

    private static ReadOnlySequence<byte> WithoutBlanks(ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        reader.AdvancePastAny(" \t\r\n"u8);
        return buffer.Slice(reader.Position);
    }

    /// <summary>About: base64 takes four for three, and there are names.</summary>
    private static long TextBytes(long bytes) => 2 * bytes;
}
